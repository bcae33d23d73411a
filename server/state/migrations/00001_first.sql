-- The words in braces stand for what SQLite and PostgreSQL say differently: see dialect.go. Every column is explained
-- in the package comment of state.go. Times are Unix seconds; at is when the row has had its time.

CREATE TABLE server (
	one      {int}  NOT NULL PRIMARY KEY CHECK (one = 1),
	seed     {blob} NOT NULL CHECK (length(seed) = 32),
	instance {blob} NOT NULL CHECK (length(instance) = 16),
	bytes    {int}  NOT NULL CHECK (bytes >= 0),
	beat     {int}  NOT NULL
) {clustered};

CREATE TABLE invite (
	hash {blob} NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	at   {int}  NOT NULL
) {clustered};
CREATE INDEX invite_at ON invite (at);

CREATE TABLE quota_key (
	key       {blob} NOT NULL PRIMARY KEY CHECK (length(key) = 32),
	suspended {int}  NOT NULL
) {clustered};

CREATE TABLE usage (
	key       {blob} NOT NULL,
	at        {int}  NOT NULL,
	bytes     {int}  NOT NULL,
	mailboxes {int}  NOT NULL,
	PRIMARY KEY (key, at)
) {clustered};
CREATE INDEX usage_at ON usage (at);

CREATE TABLE nonce (
	hash {blob} NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	at   {int}  NOT NULL
) {clustered};
CREATE INDEX nonce_at ON nonce (at);

CREATE TABLE ticket (
	hash {blob} NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	kind {text} NOT NULL,
	at   {int}  NOT NULL
) {clustered};
CREATE INDEX ticket_at ON ticket (at);

CREATE TABLE blob (
	id          {blob} NOT NULL PRIMARY KEY CHECK (length(id) = 16),
	share       {blob} NOT NULL CHECK (length(share) = 32),
	read_hash   {blob} NOT NULL CHECK (length(read_hash) = 32),
	delete_hash {blob} NOT NULL CHECK (length(delete_hash) = 32),
	upload_hash {blob} NOT NULL CHECK (length(upload_hash) = 32),
	size        {int}  NOT NULL CHECK (size > 0),
	part_size   {int}  NOT NULL CHECK (part_size > 0),
	ttl         {int}  NOT NULL,
	open        {int}  NOT NULL,
	at          {int}  NOT NULL,
	ticket      {blob} UNIQUE,
	request     {blob}
) {clustered};
CREATE INDEX blob_at ON blob (at);

CREATE TABLE part (
	blob   {blob} NOT NULL REFERENCES blob (id),
	n      {int}  NOT NULL CHECK (n >= 0),
	key    {text} NOT NULL UNIQUE,
	digest {blob} NOT NULL CHECK (length(digest) = 32),
	size   {int}  NOT NULL,
	lost   {int}  NOT NULL,
	PRIMARY KEY (blob, n)
) {clustered};
CREATE INDEX part_lost ON part (key) WHERE lost = 1;

CREATE TABLE intent (
	key {text} NOT NULL PRIMARY KEY,
	at  {int}  NOT NULL
) {clustered};
CREATE INDEX intent_at ON intent (at);

CREATE TABLE outbox (
	key   {text} NOT NULL PRIMARY KEY,
	at    {int}  NOT NULL,
	since {int}  NOT NULL,
	tries {int}  NOT NULL
) {clustered};
CREATE INDEX outbox_at ON outbox (at);
CREATE INDEX outbox_since ON outbox (since);

CREATE TABLE mailbox (
	id            {blob} NOT NULL PRIMARY KEY CHECK (length(id) = 32),
	owner         {blob} NOT NULL CHECK (length(owner) = 32),
	delivery_hash {blob} NOT NULL CHECK (length(delivery_hash) = 32),
	intro_hash    {blob} NOT NULL CHECK (length(intro_hash) = 32),
	last          {int}  NOT NULL,
	intro_day     {int}  NOT NULL,
	intro_count   {int}  NOT NULL
) {clustered};

CREATE TABLE mailbox_key (
	mailbox {blob} NOT NULL PRIMARY KEY REFERENCES mailbox (id),
	epoch   {int}  NOT NULL,
	key     {blob} NOT NULL
) {heap};

CREATE TABLE envelope (
	mailbox  {blob} NOT NULL REFERENCES mailbox (id),
	n        {int}  NOT NULL,
	received {int}  NOT NULL,
	at       {int}  NOT NULL,
	via      {int}  NOT NULL,
	size     {int}  NOT NULL,
	body     {blob} NOT NULL,
	PRIMARY KEY (mailbox, n)
) {heap};
CREATE INDEX envelope_at ON envelope (at);
CREATE INDEX envelope_waiting ON envelope (mailbox, at, size);

CREATE TABLE seen (
	mailbox {blob} NOT NULL REFERENCES mailbox (id),
	hash    {blob} NOT NULL CHECK (length(hash) = 32),
	at      {int}  NOT NULL,
	PRIMARY KEY (mailbox, hash)
) {clustered};
CREATE INDEX seen_at ON seen (at);

CREATE TABLE locator (
	id    {blob} NOT NULL PRIMARY KEY CHECK (length(id) = 32),
	owner {blob} NOT NULL CHECK (length(owner) = 32),
	n     {int}  NOT NULL,
	body  {blob} NOT NULL,
	at    {int}  NOT NULL
) {heap};
CREATE INDEX locator_at ON locator (at);

CREATE TABLE lease (
	name   {text} NOT NULL PRIMARY KEY,
	holder {text} NOT NULL,
	at     {int}  NOT NULL
) {clustered};
CREATE INDEX lease_at ON lease (at);
