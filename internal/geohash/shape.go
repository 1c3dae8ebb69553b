package geohash

import "math"

// Shape is a circle or a box around a point. All lengths are in meters.
type Shape struct {
	Center        Point
	Radius        float64
	Box           bool // it is a box of Width and Height, else a circle
	Width, Height float64
}

// roundingMargin is far above the relative error of a distance.
const roundingMargin = 1e-9

// Within tells whether p is in the shape, and how far from its center.
func (s *Shape) Within(p Point) (meters float64, ok bool) {
	if s.Box {
		if latDistance(p.Lat, s.Center.Lat) > s.Height/2 ||
			Distance(p, Point{s.Center.Lon, p.Lat}) > s.Width/2 {
			return 0, false
		}
		return Distance(s.Center, p), true
	}
	// Most points that are too far are too far north or south already.
	if latDistance(p.Lat, s.Center.Lat) > s.Radius*(1+roundingMargin) {
		return 0, false
	}
	meters = Distance(s.Center, p)
	return meters, meters <= s.Radius
}

// bounds returns a rectangle around the shape.
func (s *Shape) bounds() area {
	height, width := s.Radius, s.Radius
	if s.Box {
		height, width = s.Height/2, s.Width/2
	}
	dLat := degrees(height / earthRadiusMeters)
	edge := s.Center.Lat + dLat // of the two edges the one nearer to its pole is the longer one in degrees
	if s.Center.Lat < 0 {
		edge = s.Center.Lat - dLat
	}
	dLon := degrees(width / earthRadiusMeters / cos(radians(edge)))
	return area{s.Center.Lon - dLon, s.Center.Lon + dLon, s.Center.Lat - dLat, s.Center.Lat + dLat}
}

// reach returns the distance of the shape's farthest point from its center.
func (s *Shape) reach() float64 {
	if s.Box {
		return math.Sqrt(s.Width/2*(s.Width/2) + s.Height/2*(s.Height/2))
	}
	return s.Radius
}

// stepFor returns the step at which nine cells around a point cover a circle.
func stepFor(meters, lat float64) uint {
	if meters == 0 {
		return MaxStep
	}
	step := 1
	for ; meters < mercatorMaxMeters; meters *= 2 {
		step++
	}
	step -= 2
	if lat > 66 || lat < -66 { // cells are narrow there
		step--
		if lat > 80 || lat < -80 {
			step--
		}
	}
	return uint(min(max(step, 1), MaxStep))
}

// directions are the cells around one in the order in which they are searched: east, north.
var directions = [9][2]int{{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}

// Cells returns the cells that cover the shape, in the order in which they are to be
// searched. Some have the step 0: they are not needed.
func (s *Shape) Cells() (cells [9]Cell) {
	step, b := stepFor(s.reach(), s.Center.Lat), s.bounds()
	center := Encode(s.Center, step)
	if step > 1 && !s.covered(center, &b) {
		step--
		center = Encode(s.Center, step)
	}
	a := center.area()
	for i, d := range directions {
		east, north := d[0], d[1]
		useless := step >= 2 && (north < 0 && a.minLat < b.minLat || north > 0 && a.maxLat > b.maxLat ||
			east < 0 && a.minLon < b.minLon || east > 0 && a.maxLon > b.maxLon)
		if !useless {
			cells[i] = center.neighbour(east, north)
		}
	}
	last := 0 // adjacent cells are the same if there are so few
	for i := 1; i < len(cells); i++ {
		switch {
		case cells[i].Step == 0:
		case last > 0 && cells[i] == cells[last]:
			cells[i] = Cell{}
		default:
			last = i
		}
	}
	return cells
}

// covered tells whether the cell and its neighbours cover the bounds.
func (s *Shape) covered(c Cell, b *area) bool {
	return c.neighbour(0, 1).area().maxLat >= b.maxLat && c.neighbour(0, -1).area().minLat <= b.minLat &&
		c.neighbour(1, 0).area().maxLon >= b.maxLon && c.neighbour(-1, 0).area().minLon <= b.minLon
}
