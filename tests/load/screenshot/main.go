// Command screenshot writes the pictures of the window in docs: a server under some
// traffic, its page in a browser, once wide and once as on a phone.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/kringdb/kring/tests/internal/browser"
	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// shots are the pictures: a window of this size, and how the page is then shown.
var shots = []struct {
	name          string
	width, height int64
	phone, dark   bool
}{
	{"window.png", 1280, 0, false, false},
	{"window-phone.png", 390, 1372, true, true},
}

const (
	// colors is how many colors a picture keeps: the page has few.
	colors = 256
	// exactColors is how many of them are the most frequent ones.
	exactColors = 128
)

func main() {
	dir := flag.String("dir", harness.FromRoot("docs"), "directory of the pictures")
	load := flag.Duration("time", 5*time.Minute, "for how long traffic runs before them")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, *dir, *load) })
}

func run(s *kit.Servers, dir string, load time.Duration) error {
	port, err := harness.FreePort()
	if err != nil {
		return err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	srv, err := s.Kring("--http-address", addr, "--enable-debug-command", "yes", "--maxmemory", "256mb")
	if err != nil {
		return err
	}
	page, err := browser.Start()
	if err != nil {
		return err
	}
	defer page.Close()
	if err := page.Size(shots[0].width, 900, false, false); err != nil {
		return err
	}
	if err := page.Open("http://" + addr + "/"); err != nil {
		return err
	}
	stop, done := make(chan struct{}), make(chan error, 1)
	c, err := srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := browser.Prepare(c); err != nil {
		return err
	}
	go func() { done <- browser.Traffic(c, stop) }()
	if err := calls(srv, load); err != nil {
		return err
	}
	for _, shot := range shots {
		if err := take(page, filepath.Join(dir, shot.name), shot.width, shot.height, shot.phone, shot.dark); err != nil {
			return err
		}
	}
	close(stop)
	return <-done
}

// calls is what an operator does now and then beside the traffic: slow calls.
func calls(srv *harness.Server, load time.Duration) error {
	c, err := srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for _, line := range []string{"DEBUG SLEEP 0.021", "ZUNIONSTORE board 2 scores scores", "DEBUG SLEEP 0.034"} {
		time.Sleep(load / 3)
		if _, err := c.DoLine(line); err != nil {
			return err
		}
	}
	return nil
}

// take writes a picture; height 0 means as high as the page is.
func take(page *browser.Page, path string, width, height int64, phone, dark bool) error {
	if err := page.Size(width, max(height, 900), phone, dark); err != nil {
		return err
	}
	if height == 0 {
		h, err := browser.Eval[int64](page, "document.documentElement.scrollHeight")
		if err != nil {
			return err
		}
		if err := page.Size(width, h, phone, dark); err != nil {
			return err
		}
	}
	time.Sleep(3 * time.Second) // the page draws with its next answer
	shot, err := page.Picture()
	if err != nil {
		return err
	}
	small, err := shrink(shot)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d KB\n", path, len(small)>>10)
	return os.WriteFile(path, small, 0o644)
}

// shrink writes a picture anew with a palette of its most frequent colors.
func shrink(shot []byte) ([]byte, error) {
	src, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	b := src.Bounds()
	out := image.NewPaletted(b, palette(src))
	near := map[color.RGBA]uint8{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.RGBAModel.Convert(src.At(x, y)).(color.RGBA)
			i, ok := near[c]
			if !ok {
				i = uint8(out.Palette.Index(c))
				near[c] = i
			}
			out.SetColorIndex(x, y, i)
		}
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	err = enc.Encode(&buf, out)
	return buf.Bytes(), err
}

// palette returns the colors that a picture needs most: the most frequent ones, which are
// those of surfaces, and for the rest, the edges of letters and lines, one for each cell of
// a coarse grid.
func palette(src image.Image) color.Palette {
	b := src.Bounds()
	count := map[color.RGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[color.RGBAModel.Convert(src.At(x, y)).(color.RGBA)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] })
	var p color.Palette
	for _, c := range all[:min(len(all), exactColors)] {
		p = append(p, c)
	}
	for bits := uint(2); ; bits++ {
		cells := map[color.RGBA]bool{}
		more := p
		for _, c := range all[len(p):] {
			cell := color.RGBA{R: c.R >> bits, G: c.G >> bits, B: c.B >> bits}
			if !cells[cell] {
				cells[cell] = true
				more = append(more, c)
			}
		}
		if len(more) <= colors {
			return more
		}
	}
}
