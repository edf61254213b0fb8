package arch

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// link is the target of a Markdown link or picture, without its anchor.
var link = regexp.MustCompile(`\]\(([^)#\s]+)`)

// checkLinks wants the target of every link from page to file in the tree. Addresses with a scheme, and what stands in a
// block of code, are not looked at.
func checkLinks(root fs.FS) ([]problem, error) {
	var found []problem
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".md" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		found = append(found, brokenLinks(root, name, string(text))...)
		return nil
	})
	return found, err
}

func brokenLinks(root fs.FS, name, text string) []problem {
	var found []problem
	code := false
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		}
		if code {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			target := path.Join(path.Dir(name), m[1])
			if _, err := fs.Stat(root, target); err != nil {
				found = append(found, problem{name + ":" + strconv.Itoa(n), ruleLink, fmt.Sprintf("links to %s, which is not there", target)})
			}
		}
	}
	return found
}
