package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	// startTimeout is for how long the browser may take to start on a busy machine.
	startTimeout = time.Minute
	// pollInterval is how often Await looks.
	pollInterval = 50 * time.Millisecond
)

// names are those that the browser may have.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Page is one tab of a browser of its own. Its methods are for one goroutine.
type Page struct {
	ctx    context.Context
	cancel func()

	mu struct {
		sync.Mutex
		complaints []string
		hosts      []string
	}
}

// Start starts a browser with an empty page.
func Start() (*Page, error) {
	path := ""
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		return nil, errors.New("there is no chromium: tests/setup.sh installs it")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.WSURLReadTimeout(startTimeout), chromedp.Flag("hide-scrollbars", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	p := &Page{ctx: ctx, cancel: func() { stop(); stopAlloc() }}
	err := chromedp.Listen(ctx, p.event) // starts the browser
	if err == nil {
		_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Close ends the browser.
func (p *Page) Close() { p.cancel() }

// event notes what the browser tells.
func (p *Page) event(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	complain := func(kind, text string) { p.mu.complaints = append(p.mu.complaints, kind+": "+text) }
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if o := e.ExceptionDetails.Exception; o != nil {
			text += " " + o.Description
		}
		complain("exception", text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text := ""
			for _, a := range e.Args {
				text += " " + string(a.Value) + a.Description
			}
			complain("console", text)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complain(string(e.Entry.Source), e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" && !slices.Contains(p.mu.hosts, u.Host) {
			p.mu.hosts = append(p.mu.hosts, u.Host)
		}
	}
}

// Complaints returns what was wrong since the last call: exceptions, errors and warnings
// on the console, failed requests.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.mu.complaints
	p.mu.complaints = nil
	return c
}

// Hosts returns where requests went so far, host:port each.
func (p *Page) Hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mu.hosts)
}

// Size makes the page as large as a window or a phone, and light or dark.
func (p *Page) Size(width, height int64, phone, dark bool) error {
	scheme, scale := "light", 1.0
	if dark {
		scheme = "dark"
	}
	if phone {
		scale = 2
	}
	metrics := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: scale, Mobile: phone}
	if _, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, metrics); err != nil {
		return err
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media)
	return err
}

// Open loads a page.
func (p *Page) Open(address string) error {
	return chromedp.Do(p.ctx, chromedp.Navigate(address))
}

// Eval evaluates a JavaScript expression of type T.
func Eval[T any](p *Page, js string) (T, error) { return chromedp.Run(p.ctx, chromedp.Evaluate[T](js)) }

// Text returns what is written in the element with the id.
func (p *Page) Text(id string) (string, error) {
	return Eval[string](p, `document.getElementById("`+id+`").textContent`)
}

// Await waits until a JavaScript expression is true.
func (p *Page) Await(js string, patience time.Duration) error {
	for end := time.Now().Add(patience); ; time.Sleep(pollInterval) {
		ok, err := Eval[bool](p, "!!("+js+")")
		if err != nil {
			return fmt.Errorf("%s: %w", js, err)
		}
		if ok {
			return nil
		}
		if time.Now().After(end) {
			text, _ := Eval[string](p, "document.body.innerText") // for the message alone
			return fmt.Errorf("waited %v in vain for %s; the page says:\n%s", patience, js, strings.TrimSpace(text))
		}
	}
}

// Picture returns what the window shows as a PNG.
func (p *Page) Picture() ([]byte, error) { return chromedp.Run(p.ctx, chromedp.CaptureScreenshot()) }
