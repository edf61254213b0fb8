package descriptions

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/wsdl/load"
)

// Bounds of what is fetched.
const (
	maxDocument  = 32 << 20
	fetchTimeout = 30 * time.Second
	maxRedirects = 5
)

// source opens documents: files below one folder, and URLs where that was asked for. It is a load.Source.
type source struct {
	ctx      context.Context //nolint:containedctx // load.Source has no context; a source lives for one command
	root     *os.Root        // nil: the main document is a URL
	host     string          // of the main document's URL: it was asked for by name
	fetch    bool            // other hosts too
	internal bool            // addresses of this machine and private networks too
	catalog  map[string]string
	client   *http.Client
	proxy    func(*http.Request) (*url.URL, error) // which proxy a request goes through; nil URL: none
	resolver interface {                           // of names that a proxy will look up too
		LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	}
	proxies  map[string]bool // addresses of proxies that are meant, by the environment
	began    time.Time
	progress io.Writer
}

// newSource makes the source of a main document and gives its location. root widens the folder that files may come from.
func newSource(ctx context.Context, main, root string, progress io.Writer) (s *source, location string, err error) {
	s = &source{ctx: ctx, began: time.Now(), progress: progress, proxy: http.ProxyFromEnvironment, resolver: net.DefaultResolver, proxies: map[string]bool{}}
	s.client = &http.Client{Timeout: fetchTimeout, CheckRedirect: s.redirect, Transport: &http.Transport{
		Proxy: s.through, DialContext: s.dial, TLSHandshakeTimeout: fetchTimeout,
	}}
	if u, err := url.Parse(main); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		s.host = u.Host
		err = s.trust(u.Hostname())
		return s, main, err
	}
	if main, err = mainFile(main); err != nil {
		return nil, "", err
	}
	if root == "" {
		root = filepath.Dir(main)
	}
	location, err = filepath.Rel(root, main)
	if err != nil || strings.HasPrefix(location, "..") {
		return nil, "", fmt.Errorf("%s is not below %s: give --root a folder that holds it", main, root)
	}
	if s.root, err = os.OpenRoot(root); err != nil {
		return nil, "", err
	}
	return s, filepath.ToSlash(location), nil
}

// trust has the host that was named believed as a gateway is: by the file of CAUSEWAY_CA_FILE and, for hosts that are this machine, the
// local CA, both beside the system's roots, since a description may lead to other hosts.
func (s *source) trust(host string) error {
	roots := trust.Default("")
	roots.Beside = true
	roots.Local = filepath.Join(cli.NodeHere().Data, "ca.pem") // the file that CAUSEWAY_CONFIG names may say another folder
	config, err := roots.Config(host)
	if none, ok := errors.AsType[*trust.NoCertificateError](err); ok && none.File == roots.File {
		return fmt.Errorf("%w: mend %s", err, trust.EnvCAFile)
	}
	s.client.Transport.(*http.Transport).TLSClientConfig = config //nolint:forcetypeassert // what newSource has put there
	return err
}

// mainFile finds the only description in a folder; a file is itself.
func mainFile(name string) (string, error) {
	info, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: %w: give a file, a folder that holds one file *.wsdl, or an address such as https://relay.example/calc?wsdl", name, os.ErrNotExist)
	}
	if err != nil || !info.IsDir() {
		return name, err
	}
	found, err := filepath.Glob(filepath.Join(name, "*.wsdl"))
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fmt.Errorf("%s holds no file named *.wsdl: name the file", name)
	case len(found) > 1:
		return "", fmt.Errorf("%s holds %d files named *.wsdl: name one of %s", name, len(found), strings.Join(found, ", "))
	}
	return found[0], nil
}

// close gives back the folder.
func (s *source) close() error {
	s.client.CloseIdleConnections()
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}

// Open opens a document: by the catalogue, else relative to the one that names it.
func (s *source) Open(base, location string) (string, []byte, error) {
	if time.Since(s.began) > 2*time.Second {
		_, _ = fmt.Fprintln(s.progress, "reading", location) // nobody is left to tell
	}
	if file, ok := s.catalog[location]; ok {
		content, err := readFile(os.Open(file))
		return location, content, err
	}
	if b, err := url.Parse(base); err == nil && b.Host != "" || strings.Contains(location, "://") {
		u, err := url.Parse(location)
		if err != nil {
			return "", nil, err
		}
		if b != nil && b.Host != "" {
			u = b.ResolveReference(u)
		}
		return s.get(u)
	}
	if s.root == nil {
		return "", nil, fmt.Errorf("%s: %w", location, load.ErrRemote)
	}
	return s.file(base, location)
}

// file opens a file below the root.
func (s *source) file(base, location string) (string, []byte, error) {
	dir := path.Dir(base)
	plain, err := url.PathUnescape(location)
	if err != nil {
		plain = location
	}
	var content []byte
	for _, name := range []string{location, plain} {
		name = path.Join(dir, filepath.ToSlash(name))
		if strings.HasPrefix(name, "../") {
			return "", nil, fmt.Errorf("%s lies above the folder of the description: give --root a folder that holds both", location)
		}
		if content, err = readFile(s.root.Open(filepath.FromSlash(name))); err == nil || !errors.Is(err, os.ErrNotExist) {
			return name, content, err
		}
	}
	return "", nil, err
}

func readFile(f *os.File, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return bounded(f)
}

func bounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = fmt.Errorf("more than %d bytes in one document", maxDocument)
	}
	return b, err
}

// allowed reports whether a URL may be fetched.
func (s *source) allowed(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%s: %w", u, load.ErrRemote)
	case u.Host != s.host && !s.fetch:
		return fmt.Errorf("%s: %w: give --fetch, or --catalog with a file for it", u, load.ErrRemote)
	}
	return nil
}

func (s *source) redirect(r *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	return s.allowed(r.URL)
}

// get fetches a document.
func (s *source) get(u *url.URL) (string, []byte, error) {
	if err := s.allowed(u); err != nil {
		return "", nil, err
	}
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", nil, err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("%s answers %s", u, answer.Status)
	}
	content, err := bounded(answer.Body)
	return answer.Request.URL.String(), content, err
}

// readCatalog reads lines of a URL and a file, which is relative to the catalogue.
func readCatalog(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("%s:%d: a line is a URL and a file, with white space between", name, n)
		}
		file := words[1]
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(name), file)
		}
		all[words[0]] = file
	}
	return all, lines.Err()
}
