package window

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/browser"
	"github.com/kringdb/kring/tests/internal/harness"
)

// patience is for what the page shows within one or two of its questions.
const patience = time.Minute

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}

// rig is a server with its page in a browser.
type rig struct {
	*testing.T
	srv  *harness.Server
	page *browser.Page
	cfg  harness.Config
	host string // of the page
}

func start(t *testing.T, args ...string) *rig {
	t.Helper()
	r := &rig{T: t}
	var ports [2]string
	for i := range ports {
		p, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(p))
	}
	_, port, _ := net.SplitHostPort(ports[0])
	r.host = ports[1]
	r.cfg = harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "tcp", Addr: ports[0],
		Args: append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--http-address", r.host, "--enable-debug-command", "yes"}, args...),
	}
	r.srv = harness.StartConfig(t, r.cfg)
	page, err := browser.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	r.page = page
	return r
}

func (r *rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) await(js string) {
	r.Helper()
	r.ok(r.page.Await(js, patience))
}

func (r *rig) text(id string) string {
	r.Helper()
	s, err := r.page.Text(id)
	r.ok(err)
	return s
}

// calm checks that the page has complained of nothing and asked nobody else.
func (r *rig) calm() {
	r.Helper()
	if c := r.page.Complaints(); len(c) > 0 {
		r.Errorf("the browser complains: %q", c)
	}
	for _, h := range r.page.Hosts() {
		if h != r.host {
			r.Errorf("the page asks %s", h)
		}
	}
}

// fits checks that the page is as wide as the window.
func (r *rig) fits(width int) {
	r.Helper()
	got, err := browser.Eval[[]int](r.page, `[innerWidth, document.documentElement.scrollWidth]`)
	r.ok(err)
	if got[0] != width || got[1] > width {
		r.Errorf("the window is %d wide (want %d), the page %d", got[0], width, got[1])
	}
}

const paths = `[...document.querySelectorAll("#ops path.line")].map((p) => p.getAttribute("d")).join()`

func TestPage(t *testing.T) {
	r := start(t)
	r.ok(r.page.Size(1280, 900, false, false))
	r.ok(r.page.Open("http://" + r.host + "/"))
	r.await(`document.getElementById("status").textContent === "live"`)
	r.fits(1280)
	for _, says := range []string{"No call was slow.", "There are no keys.", "No key was used lately."} {
		r.await(`document.body.innerText.includes("` + says + `")`)
	}
	r.await(`document.getElementById("cluster").closest("section").hidden`) // it is no node of one
	light, err := browser.Eval[string](r.page, `getComputedStyle(document.body).backgroundColor`)
	r.ok(err)

	c := r.srv.Connect(t)
	r.ok(browser.Prepare(c))
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- browser.Traffic(c, stop) }()
	slow := r.srv.Connect(t)
	_, err = slow.DoLine("DEBUG SLEEP 0.05")
	r.ok(err)
	r.loaded()
	r.calm()

	r.ok(r.page.Size(390, 844, true, true))
	r.ok(r.page.Open("http://" + r.host + "/"))
	r.await(`document.querySelectorAll("#ops path.line").length > 0`)
	r.fits(390)
	if dark, err := browser.Eval[string](r.page, `getComputedStyle(document.body).backgroundColor`); err != nil || dark == light {
		t.Errorf("dark: %s, light: %s, %v", dark, light, err)
	}
	r.calm()
	close(stop)
	r.ok(<-done)
	r.restart()
}

// loaded checks what the page shows of Traffic.
func (r *rig) loaded() {
	r.Helper()
	for _, id := range []string{"commands", "hot", "big", "types", "dbs", "slow"} {
		r.await(`document.querySelectorAll("#` + id + ` tr").length > 0`)
	}
	r.await(`document.getElementById("commands").textContent.includes("zincrby")`)
	r.await(`document.getElementById("slow").textContent.includes("DEBUG SLEEP 0.05")`)
	r.await(`document.querySelector("#hot td").textContent === "` + browser.HotKey + `"`)
	r.await(`document.querySelector("#big td").textContent === "` + browser.BigKey + `"`)
	for _, kind := range []string{"string", "hash", "list", "set", "zset", "stream"} {
		r.await(`[...document.querySelectorAll("#types td.text")].some((td) => td.textContent === "` + kind + `")`)
	}
	before, err := browser.Eval[string](r.page, paths)
	r.ok(err)
	r.await(paths + ` !== ` + strconv.Quote(before))
	for _, id := range []string{"ops", "lat", "mem", "hit", "cli", "cpu", "net", "gone"} {
		r.await(`document.querySelectorAll("#` + id + ` path.line").length > 0`)
	}
	r.await(`(() => {
		const plot = document.getElementById("ops"), box = plot.getBoundingClientRect();
		plot.dispatchEvent(new PointerEvent("pointermove", { clientX: box.right - 5 }));
		return plot.querySelector(".tip").innerText.includes("get") && plot.querySelector(".cursor");
	})()`)
	number := func(id string) float64 {
		text := r.text(id)
		v, err := strconv.ParseFloat(strings.ReplaceAll(strings.Fields(text)[0], ",", ""), 64)
		if err != nil {
			r.Errorf("%s shows %q", id, text)
		}
		return v
	}
	// SETEX, ZINCRBY and the like look no key up for reading.
	if hit := number("hit-now"); hit < browser.HitPercent-15 || hit > browser.HitPercent+15 {
		r.Errorf("hit ratio %v, expected about %d", hit, browser.HitPercent)
	}
	if n := number("cli-now"); n != 2 {
		r.Errorf("%v clients", n)
	}
	if cpu := number("cpu-now"); cpu <= 0 || cpu > 200 {
		r.Errorf("CPU %v %%", cpu)
	}
	if lat := r.text("lat-now"); !strings.HasSuffix(lat, "p99") {
		r.Errorf("latency %q", lat)
	}
}

// restart checks that the page says so when the server is gone, and goes on when it is back.
func (r *rig) restart() {
	r.Helper()
	r.ok(r.srv.Stop())
	r.await(`document.getElementById("status").className === "off"`)
	if s := r.text("status"); s != "no answer, trying again" {
		r.Errorf("status %q", s)
	}
	r.page.Complaints() // the browser tells of each request in vain
	r.srv = harness.StartConfig(r.T, r.cfg)
	r.await(`document.getElementById("status").className === "live"`)
	r.await(`document.body.innerText.includes("There are no keys.")`)
	if c := r.srv.Connect(r.T); c != nil {
		r.ok(browser.Prepare(c))
	}
	r.await(`document.querySelectorAll("#ops path.line").length > 0`)
	for _, c := range r.page.Complaints() {
		if !strings.Contains(c, "ERR_CONNECTION_REFUSED") {
			r.Errorf("the browser complains: %s", c)
		}
	}
}

func TestPassword(t *testing.T) {
	r := start(t, "--requirepass", "secret")
	r.ok(r.page.Size(1280, 900, false, false))
	r.ok(r.page.Open("http://:secret@" + r.host + "/"))
	r.await(`document.getElementById("status").textContent === "live"`)
	r.calm()
	c := r.srv.Connect(t)
	for _, line := range []string{"AUTH secret", "CONFIG SET requirepass other"} {
		v, err := c.DoLine(line)
		r.ok(err)
		if v.IsError() {
			t.Fatalf("%s: %s", line, v)
		}
	}
	r.await(`document.getElementById("status").textContent === "not allowed any more: load the page again"`)
}
