package config

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is how long a file must rest before it is read: editors and copies write in several steps.
	quiet = 200 * time.Millisecond
	// patience is how long a file that never rests is waited for.
	patience = 2 * time.Second
	// maxLinks bounds a chain of symbolic links, as Linux does (path_resolution(7)).
	maxLinks = 40
)

// errWatcherEnded says that the system took the watch away.
var errWatcherEnded = errors.New("the system ended the watch; reload by signal or command from now on")

// Watch calls changed, on its own goroutine, whenever the content of the file has become another and has rested for
// 200 ms (2 s at most). It sees writes in place, files renamed over the old one, and symbolic links that are switched
// (Kubernetes). A file that disappears is no change: the settings in force stay; it counts when it is back with other
// content. Watch blocks until ctx ends, which is no error; its caller owns the goroutine and waits for it. What was
// written before Watch began is not reported.
func Watch(ctx context.Context, file string, changed func()) error {
	return watch(ctx, file, func() {}, changed)
}

// watch tells by begun when changes are seen from now on.
func watch(ctx context.Context, file string, begun, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the configuration: %w", err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Add(filepath.Dir(file)); err != nil {
		return fmt.Errorf("watch the folder of the configuration: %w", err)
	}
	look := func() (sum [sha256.Size]byte, ok bool) {
		for _, dir := range folders(file) {
			_ = w.Add(dir) // gone in between: the event that says so is on its way
		}
		data, _, complaint := readFile(file, maxFile)
		return sha256.Sum256(data), complaint == ""
	}
	return settle(ctx, w.Events, w.Errors, look, begun, changed)
}

// folders lists the folders in which a change can give the file another content: its own, and that of every file its
// symbolic links lead over.
func folders(file string) []string {
	dirs := []string{filepath.Dir(file)}
	for range maxLinks {
		if dir, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
			dirs = append(dirs, dir)
		}
		target, err := os.Readlink(file)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(file), target)
		}
		file = target
		dirs = append(dirs, filepath.Dir(file))
	}
	return dirs
}

// settle turns bursts of events into calls of changed. Errors of the watcher (a queue that overflowed) are events too:
// looking once more is the remedy.
func settle(
	ctx context.Context, events <-chan fsnotify.Event, errs <-chan error,
	look func() ([sha256.Size]byte, bool), begun, changed func(),
) error {
	last, _ := look()
	begun()
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	var since time.Time // of the first event of a burst; zero: none
	for {
		var ok bool
		select {
		case <-ctx.Done():
			return nil
		case _, ok = <-events:
		case _, ok = <-errs:
		case <-timer.C:
			since = time.Time{}
			if sum, there := look(); there && !bytes.Equal(sum[:], last[:]) {
				last = sum
				changed()
			}
			continue
		}
		if !ok {
			return errWatcherEnded
		}
		now := time.Now()
		if since.IsZero() {
			since = now
		}
		timer.Reset(min(quiet, max(0, patience-now.Sub(since))))
	}
}
