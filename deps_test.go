package main_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/seed-7b314ca8/mayfly"

// A law forbids imports. Package patterns are paths below the module; "server/..." is server and all below it.
type law struct {
	packages  []string // whom it binds
	except    []string // and whom not
	forbidden []string // import paths; those that begin with "./" are of this module
	allowed   []string // of those, what is fine all the same
	because   string
}

// direct laws look at the import lines of every file that is not a test, whatever its build tags.
var direct = []law{
	{
		packages:  []string{"server/...", "storage/..."},
		forbidden: []string{"image/...", "crypto/aes", "crypto/cipher", "crypto/des", "crypto/rc4", "crypto/hpke", "golang.org/x/crypto/..."},
		because:   "a server must not be able to read what it keeps",
	},
	{
		packages:  []string{"..."},
		except:    []string{"server"},
		forbidden: []string{"github.com/labstack/echo/..."},
		because:   "Echo goes no deeper than handlers, so that its next major version is one package's edit",
	},
	{
		packages:  []string{"..."},
		except:    []string{"storage/s3"},
		forbidden: []string{"github.com/minio/minio-go/..."},
		because:   "there is one door to S3",
	},
	{
		packages:  []string{"..."},
		except:    []string{"media/inspect"},
		forbidden: []string{"github.com/dsoprea/..."},
		because:   "the Exif reader is for people to look through, behind a wall that contains its panics",
	},
	{
		packages:  []string{"..."},
		forbidden: []string{"testing", "testing/..."},
		because:   "what only tests need does not belong in a program",
	},
	{
		packages:  []string{"media"},
		forbidden: []string{"image/...", "net/...", "os", "os/..."},
		because:   "media is useful alone, audited alone, and never decodes a picture",
	},
}

// whole laws look at everything that a package brings along, per target.
var whole = []law{
	{
		packages:  []string{"server/...", "storage/..."},
		forbidden: []string{"./media/...", "./client/..."},
		because:   "a server must not be able to read what it keeps",
	},
	{
		packages:  []string{"media/..."},
		forbidden: []string{"./..."},
		allowed:   []string{"./media/..."},
		because:   "media is useful alone, and audited alone",
	},
	{
		packages:  []string{"wire"},
		forbidden: []string{"./...", "net/http"},
		because:   "what crosses the network must cost nobody anything",
	},
	{
		packages:  []string{"storage/..."},
		forbidden: []string{"./..."},
		allowed:   []string{"./storage/..."},
		because:   "a store keeps bytes and knows nothing of ours",
	},
	{
		packages:  []string{"client/..."},
		forbidden: []string{"./server/...", "./storage/...", "github.com/labstack/echo/...", "github.com/minio/minio-go/..."},
		because:   "who embeds the client gets a client",
	},
	{
		packages:  []string{"client/chat", "client/seal", "client/keyring"},
		forbidden: []string{"net/http"},
		because:   "what holds keys speaks to nobody",
	},
}

// inBrowser holds where the target is js/wasm.
var inBrowser = []law{
	{
		packages:  []string{"client/...", "media", "wire"},
		forbidden: []string{"net/http", "github.com/dsoprea/...", "testing", "./media/inspect"},
		because:   "every byte of it is sent to a browser",
	},
	{
		packages:  []string{"client/seal/..."},
		forbidden: []string{"crypto/aes"},
		because:   "AES without hardware is neither fast nor constant-time: a browser's own does it",
	},
}

// TestImportLaw holds the tree to its trust boundary. It opens the source files itself: go test caches a pass, and
// would not notice what a child process read.
func TestImportLaw(t *testing.T) {
	for pkg, imports := range readImports(t) {
		enforce(t, direct, "any target", pkg, imports)
	}
	for _, target := range []string{"linux/amd64", "darwin/arm64", "windows/amd64", "js/wasm"} {
		laws := whole
		if target == "js/wasm" {
			laws = slices.Concat(whole, inBrowser)
		}
		for pkg, deps := range listDeps(t, target) {
			enforce(t, laws, target, pkg, deps)
		}
	}
}

// TestLawIsNotDeaf checks that each law speaks of packages that exist, and would notice what it forbids.
func TestLawIsNotDeaf(t *testing.T) {
	imports := readImports(t)
	for _, l := range slices.Concat(direct, whole, inBrowser) {
		bound := false
		for pkg := range imports {
			bound = bound || l.binds(pkg)
		}
		if !bound {
			t.Errorf("no package is %v: %s", l.packages, l.because)
		}
		for _, pattern := range l.forbidden {
			if example := strings.TrimSuffix(absolute(pattern), "/..."); !l.forbids(example) {
				t.Errorf("%s is not noticed: %s", example, l.because)
			}
		}
	}
}

func enforce(t *testing.T, laws []law, target, pkg string, imports []string) {
	t.Helper()
	for _, l := range laws {
		if !l.binds(pkg) {
			continue
		}
		for _, imp := range imports {
			if l.forbids(imp) {
				t.Errorf("%s: %s must not import %s: %s", target, pkg, imp, l.because)
			}
		}
	}
}

func (l law) binds(pkg string) bool {
	return matchAny(l.packages, pkg) && !matchAny(l.except, pkg)
}

func (l law) forbids(imp string) bool {
	return matchAny(l.forbidden, imp) && !matchAny(l.allowed, imp)
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		pattern = absolute(pattern)
		prefix, tree := strings.CutSuffix(pattern, "...")
		return name == strings.TrimSuffix(prefix, "/") || tree && strings.HasPrefix(name, prefix)
	})
}

// absolute writes "./x" as an import path.
func absolute(pattern string) string {
	if rest, ok := strings.CutPrefix(pattern, "./"); ok {
		return module + "/" + rest
	}
	return pattern
}

// readImports returns the imports of every package of the module, by its path below the module, tests apart.
func readImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := make(map[string][]string)
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(name)
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(name))
		found, err := importsOf(name)
		imports[pkg] = append(imports[pkg], found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

// skip leaves out what is no part of the module.
func skip(dir string) error {
	base := filepath.Base(dir)
	if base == "testdata" || base == "node_modules" || len(base) > 1 && base[0] == '.' {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && dir != "." {
		return fs.SkipDir
	}
	return nil
}

func importsOf(name string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imp)
	}
	return imports, nil
}

// listDeps returns all that each package of the module brings along on a target.
func listDeps(t *testing.T, target string) map[string][]string {
	t.Helper()
	goos, goarch, _ := strings.Cut(target, "/")
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Deps", "./...")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v", target, err)
	}
	deps := make(map[string][]string)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Deps       []string
		}
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			return deps
		} else if err != nil {
			t.Fatal(err)
		}
		below := strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, module), "/")
		deps[below] = pkg.Deps
	}
}
