package cli

// commands is what the program does, in the order in which it is listed. It is filled in by init, because help lists
// it and is in it.
var commands []entry

func init() {
	commands = []entry{
		{"demo", "[FILE]", "show the whole of it at work, with two people on this machine", demoMore, func() command { return new(demoCommand) }},
		{"id create", "--invite INVITE|-", "become somebody at a server", idCreateMore, func() command { return new(idCreateCommand) }},
		{"id show", "", "print your contact string, to give to people", idShowMore, func() command { return new(idShowCommand) }},
		{"contact add", "NAME CONTACT|-", "add somebody by a contact string, or by the id of a request", contactAddMore, func() command { return new(contactAddCommand) }},
		{"contact list", "", "list your contacts, and who else wrote", contactListMore, func() command { return new(contactListCommand) }},
		{"contact verify", "NAME", "compare safety numbers with a contact", contactVerifyMore, func() command { return new(contactVerifyCommand) }},
		{"send", "[FILE…] --to NAME[,NAME]", "send files without their metadata, and a message", sendMore, func() command { return new(sendCommand) }},
		{"inbox", "", "receive messages, and save the files in them", inboxMore, func() command { return new(inboxCommand) }},
		{"strip", "FILE… -o OUT", "take the metadata out of files", stripMore, func() command { return new(stripCommand) }},
		{"inspect", "FILE…", "show what files would tell their recipients", inspectMore, func() command { return new(inspectCommand) }},
		{"serve", "", "run a server", serveMore, func() command { return new(serveCommand) }},
		{"admin invite", "", "print an invite to your server", adminInviteMore, func() command { return new(adminInviteCommand) }},
		{"admin stats", "", "count what the server holds", adminStatsMore, func() command { return new(adminStatsCommand) }},
		{"admin reap", "", "remove now what is due", adminReapMore, func() command { return new(adminReapCommand) }},
		{"admin sweep", "", "look for objects that nobody knows, and parts that are lost", adminSweepMore, func() command { return new(adminSweepCommand) }},
		{"admin check-storage", "[URL]", "try whether a storage keeps its promises", adminCheckMore, func() command { return new(adminCheckCommand) }},
		{"admin config", "", "print the settings that serve would run with", adminConfigMore, func() command { return new(adminConfigCommand) }},
		{"help", "[COMMAND]", "show how to use a command", "", func() command { return new(helpCommand) }},
		{"version", "", "print the version", "", func() command { return new(versionCommand) }},
	}
}
