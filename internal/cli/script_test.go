package cli

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/server/state/statetest"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"mayfly": program})
}

// program is what main does.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(Run(ctx, os.Args[1:], System()))
}

// leakless fails where tests leave goroutines behind.
type leakless struct{ *testing.M }

func (l leakless) Run() int {
	flag.Set("test.parallel", "6") // scripts mostly wait
	code := l.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// stories returns how scripts are run. More variables of the environment are of the form NAME=value.
func stories(env ...string) testscript.Params {
	return testscript.Params{
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "xdg"))
			e.Setenv("MAYFLY_PASSPHRASE_FILE", filepath.Join(e.WorkDir, "passphrase"))
			e.Vars = append(e.Vars, env...)
			return os.WriteFile(filepath.Join(e.WorkDir, "passphrase"), []byte("correct horse\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"let":     let,
			"waitfor": waitFor,
			"sleep":   sleepFor,
			"objects": objects,
			"files":   countFiles,
			"photo":   photo,
			"random":  random,
			"cut":     cut,
			"cert":    cert,
			"spoil":   spoil,
			"fetch":   fetch,
		},
	}
}

func TestStories(t *testing.T) {
	p := stories()
	p.Dir = filepath.Join("testdata", "script")
	testscript.Run(t, p)
}

// TestStoryOnServices tells the main story again, with S3 and PostgreSQL in place of files.
func TestStoryOnServices(t *testing.T) {
	urls := strings.Fields(os.Getenv("MAYFLY_TEST_S3"))
	postgres := os.Getenv("MAYFLY_TEST_POSTGRES")
	if len(urls) == 0 || postgres == "" {
		if os.Getenv("MAYFLY_TEST_ALL") == "1" {
			t.Fatal("MAYFLY_TEST_S3 or MAYFLY_TEST_POSTGRES is not set, and MAYFLY_TEST_ALL wants everything tested")
		}
		t.Skip(`MAYFLY_TEST_S3 or MAYFLY_TEST_POSTGRES is not set: scripts/services start; eval "$(scripts/services env)"`)
	}
	for _, u := range urls {
		t.Run(strings.NewReplacer("/", "_", ":", "_").Replace(u), func(t *testing.T) {
			dsn, drop, err := statetest.Fresh(t.Context(), postgres)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(drop)
			p := stories(
				"MAYFLY_STORAGE="+u+"/cli"+strings.ToLower(rand.Text()), "MAYFLY_DATABASE="+dsn,
				"MAYFLY_S3_ACCESS_KEY="+os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"),
				"MAYFLY_S3_SECRET_KEY="+os.Getenv("MAYFLY_TEST_S3_SECRET_KEY"),
			)
			p.Files = []string{filepath.Join("testdata", "script", "story.txt")}
			testscript.Run(t, p)
		})
	}
}

// exits CODE PROGRAM ARGS… runs a program that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want || neg {
		ts.Fatalf("the exit code is %d, want %d", code, want)
	}
}

// let NAME FILE sets a variable to what is in a file, such as stdout, without white space around it.
func let(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// waitFor FILE waits until it is there.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	eventually(ts, "there is no "+args[0], func() bool { return exists(path) })
}

// soon is how long a script waits for what should come by itself.
const soon = 20 * time.Second

func eventually(ts *testscript.TestScript, otherwise string, ok func() bool) {
	for end := time.Now().Add(soon); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("after %v: %s", soon, otherwise)
		}
	}
}

func sleepFor(ts *testscript.TestScript, _ bool, args []string) {
	d, err := parseDuration(args[0])
	ts.Check(err)
	time.Sleep(d)
}

// objects STATE N waits until the storage of the server whose state folder that is holds N objects; N+ is at least N.
func objects(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	record, err := readRecord(ts.MkAbs(args[0]))
	ts.Check(err)
	settings := &serverSettings{
		s3AccessKey: secret{text: ts.Getenv("MAYFLY_S3_ACCESS_KEY")},
		s3SecretKey: secret{text: ts.Getenv("MAYFLY_S3_SECRET_KEY")},
	}
	store, err := settings.openStore(ctx, record.Storage)
	ts.Check(err)
	defer closeStore(store)
	least, more := strings.CutSuffix(args[1], "+")
	want, err := strconv.Atoi(least)
	ts.Check(err)
	eventually(ts, "the storage does not hold that many objects", func() bool {
		n := 0
		for _, err := range store.List(ctx, "b/") { // where package server keeps parts
			ts.Check(err)
			n++
		}
		return n == want || more && n > want
	})
}

// files NAME DIR sets a variable to the number of files in a folder.
func countFiles(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], strconv.Itoa(len(entries)))
}

// photo FILE makes a photo that tells where and when it was taken.
func photo(ts *testscript.TestScript, _ bool, args []string) {
	data, err := makePhoto()
	ts.Check(err)
	write(ts, args[0], data)
}

// random FILE SIZE makes a file of no format.
func random(ts *testscript.TestScript, _ bool, args []string) {
	n, err := parseSize(args[1])
	ts.Check(err)
	data := make([]byte, n)
	rand.Read(data)
	copy(data, "none")
	write(ts, args[0], data)
}

// cut FILE SIZE shortens a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := parseSize(args[1])
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func write(ts *testscript.TestScript, name string, data []byte) {
	ts.Check(os.WriteFile(ts.MkAbs(name), data, 0o600))
}

// spoil DIR flips a bit in every file below.
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data[len(data)/2] ^= 1
		return os.WriteFile(path, data, 0o600)
	}))
}

// fetch URL FILE saves what is at URL. It fails unless the status is 200.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	write(ts, args[1], body)
	if (resp.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("the status is %s", resp.Status)
	}
}

// cert CERT KEY makes a certificate for 127.0.0.1, and its key.
func cert(ts *testscript.TestScript, _ bool, args []string) {
	cert, key := newCert(check{ts})
	write(ts, args[0], cert)
	write(ts, args[1], key)
}

// A check is a script, as far as newCert needs a test.
type check struct{ *testscript.TestScript }

// Fatal ends the script.
func (c check) Fatal(args ...any) { c.Fatalf("%s", fmt.Sprint(args...)) }

// newCert returns a certificate for 127.0.0.1 and its key, in PEM.
func newCert(t interface{ Fatal(...any) }) (cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	certDER, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certDER}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}
