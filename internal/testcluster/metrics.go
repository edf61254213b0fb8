package testcluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// scrapeTime bounds one look at a node's metrics.
const scrapeTime = 20 * time.Second

// AdminToken is the token of every node's admin door.
func (c *Cluster) AdminToken() string {
	c.t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, "admin.token"))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// scrape reads a node's metrics.
func (c *Cluster) scrape(n *Node) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Door("admin")+"/metrics", http.NoBody)
	if err != nil {
		return "", fmt.Errorf("scrape: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.AdminToken())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("scrape: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return string(b), err
}

// Metric reads one figure of node i; labels are as in the exposition, sorted by name: `door="https",reason="NoListener"`. A
// series that does not exist is 0.
func (c *Cluster) Metric(i int, name, labels string) float64 {
	c.t.Helper()
	text, err := c.scrape(c.nodes[i])
	if err != nil {
		c.t.Fatal(err)
	}
	series := name
	if labels != "" {
		series += "{" + labels + "}"
	}
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(line, series+" ")
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			c.t.Fatalf("metric %q: %v", line, err)
		}
		return v
	}
	return 0
}
