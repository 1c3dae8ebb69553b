package geohash

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The places and texts of the documentation of the geographical commands.
func TestKnownPlaces(t *testing.T) {
	palermo, catania := Point{13.361389, 38.115556}, Point{15.087269, 37.502669}
	if s := Score(palermo); s != 3479099956230698 {
		t.Errorf("score %d", s)
	}
	a, b := Decode(float64(Score(palermo))), Decode(float64(Score(catania)))
	if got := string(AppendText(nil, a)); got != "sqc8b49rny0" {
		t.Errorf("text %s", got)
	}
	if got := string(AppendText(nil, b)); got != "sqdtr74hyu0" {
		t.Errorf("text %s", got)
	}
	if d := Distance(a, b); math.Abs(d-166274.1516) > 0.0001 {
		t.Errorf("distance %v", d)
	}
}

func randomPoint(rng *rand.Rand) Point {
	p := Point{rng.Float64()*360 - 180, rng.Float64()*170 - 85}
	switch rng.IntN(6) {
	case 0:
		p.Lon = MaxLon - rng.Float64()/1000
	case 1:
		p.Lon = MinLon + rng.Float64()/1000
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := randomPoint(rng)
		q := Decode(float64(Score(p)))
		if math.Abs(p.Lon-q.Lon) > 3e-6 || math.Abs(p.Lat-q.Lat) > 3e-6 {
			t.Fatalf("%v became %v", p, q)
		}
		if Score(q) != Score(p) {
			t.Fatalf("score %d of %v became %d", Score(p), p, Score(q))
		}
	}
}

func TestNeighbours(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		c := Encode(randomPoint(rng), 1+uint(rng.IntN(MaxStep)))
		for _, d := range directions {
			n := c.neighbour(d[0], d[1])
			if n.neighbour(-d[0], -d[1]) != c || n.Bits>>(2*c.Step) != 0 {
				t.Fatalf("%v: to %v and back", c, d)
			}
		}
	}
}

// TestCellsCover: what is within a shape is in exactly one of its cells. Shapes that
// reach over a pole or the map's edge are not covered there, as in Redis.
func TestCellsCover(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	found := 0
	for range 3000 {
		s := Shape{Center: Decode(float64(Score(randomPoint(rng))))}
		size := math.Exp(rng.Float64() * 14) // 1 m to 1200 km
		if s.Box = rng.IntN(2) == 0; s.Box {
			s.Width, s.Height = size*rng.Float64(), size*rng.Float64()
		} else {
			s.Radius = size
		}
		b := s.bounds()
		if b.minLat < MinLat || b.maxLat > MaxLat || b.minLon < MinLon || b.maxLon > MaxLon || math.Abs(s.Center.Lat) > 70 {
			continue
		}
		cells := s.Cells()
		for range 20 {
			score := Score(Point{b.minLon + rng.Float64()*(b.maxLon-b.minLon), b.minLat + rng.Float64()*(b.maxLat-b.minLat)})
			p := Decode(float64(score))
			if _, ok := s.Within(p); !ok {
				continue
			}
			found++
			in := 0
			for _, c := range cells {
				if from, to := c.Scores(); c.Step > 0 && score >= from && score < to {
					in++
				}
			}
			if in != 1 {
				t.Fatalf("%+v: %v is in %d cells", s, p, in)
			}
		}
	}
	if found < 1000 {
		t.Fatalf("only %d points were within", found)
	}
}
