package geohash

import "math"

// MaxStep is the step of a score.
const MaxStep = 26

// The map.
const (
	MinLon, MaxLon = -180.0, 180.0
	MinLat, MaxLat = -85.05112878, 85.05112878
)

const (
	earthRadiusMeters = 6372797.560856
	mercatorMaxMeters = 20037726.37
)

// Point is a place in degrees.
type Point struct{ Lon, Lat float64 }

// Valid tells whether the point is on the map.
func (p Point) Valid() bool {
	return p.Lon >= MinLon && p.Lon <= MaxLon && p.Lat >= MinLat && p.Lat <= MaxLat
}

// Cell is a cell of the map, or no cell if its step is 0.
type Cell struct {
	Bits uint64
	Step uint
}

// spread moves the bits of x to the even places.
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// gather is the reverse of spread.
func gather(v uint64) uint32 {
	v &= 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0f0f0f0f0f0f0f0f
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return uint32(v | v>>16)
}

// encode returns the cell of p on a map whose latitudes reach from -lat to lat.
func encode(p Point, lat float64, step uint) Cell {
	scale := float64(uint64(1) << step)
	row := (p.Lat + lat) / (2 * lat) * scale
	col := (p.Lon - MinLon) / (MaxLon - MinLon) * scale
	return Cell{spread(uint32(uint64(row))) | spread(uint32(uint64(col)))<<1, step}
}

// Encode returns the cell of p.
func Encode(p Point, step uint) Cell { return encode(p, MaxLat, step) }

// Score returns the score of p.
func Score(p Point) uint64 { return Encode(p, MaxStep).Bits }

// area is a rectangle in degrees.
type area struct{ minLon, maxLon, minLat, maxLat float64 }

func (c Cell) area() area {
	scale := float64(uint64(1) << c.Step)
	row, col := float64(gather(c.Bits)), float64(gather(c.Bits>>1))
	return area{
		minLon: MinLon + col/scale*(MaxLon-MinLon), maxLon: MinLon + (col+1)/scale*(MaxLon-MinLon),
		minLat: MinLat + row/scale*(MaxLat-MinLat), maxLat: MinLat + (row+1)/scale*(MaxLat-MinLat),
	}
}

// Decode returns the middle of the cell that a score names.
func Decode(score float64) Point {
	bits := uint64(int64(score))
	if score >= 1<<63 {
		bits = uint64(score)
	}
	a := Cell{bits, MaxStep}.area()
	return Point{
		Lon: min(max((a.minLon+a.maxLon)/2, MinLon), MaxLon),
		Lat: min(max((a.minLat+a.maxLat)/2, MinLat), MaxLat),
	}
}

// Scores returns the range [from, to) of the scores within the cell.
func (c Cell) Scores() (from, to uint64) {
	shift := 2*MaxStep - 2*c.Step
	return c.Bits << shift, (c.Bits + 1) << shift
}

// neighbour returns the cell that many columns east and rows north; the map is round
// in both directions. A point on the northern or eastern edge is in a row or column
// beyond the last one, which stays so in the direction that is not gone.
func (c Cell) neighbour(east, north int) Cell {
	mask := uint32(1)<<c.Step - 1
	row, col := gather(c.Bits), gather(c.Bits>>1)
	if north != 0 {
		row = (row + uint32(north)) & mask
	}
	if east != 0 {
		col = (col + uint32(east)) & mask
	}
	return Cell{spread(row) | spread(col)<<1, c.Step}
}

const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// TextBytes is the length of what AppendText appends.
const TextBytes = 11

// AppendText appends the standard geohash text of p, whose map reaches from pole to
// pole; the last of its characters has no bits left and is 0.
func AppendText(dst []byte, p Point) []byte {
	bits := encode(p, 90, MaxStep).Bits
	for i := range TextBytes - 1 {
		dst = append(dst, alphabet[bits>>(47-5*i)&31])
	}
	return append(dst, '0')
}

func radians(deg float64) float64 { return deg * (math.Pi / 180) }

func degrees(rad float64) float64 { return rad / (math.Pi / 180) }

// Distance returns the distance of two points in meters, by the haversine formula.
func Distance(a, b Point) float64 {
	latA, latB := radians(a.Lat), radians(b.Lat)
	u := sin((latB - latA) / 2)
	v := sin((radians(b.Lon) - radians(a.Lon)) / 2)
	return 2 * earthRadiusMeters * asin(math.Sqrt(u*u+cos(latA)*cos(latB)*v*v))
}

func latDistance(a, b float64) float64 { return earthRadiusMeters * math.Abs(radians(b)-radians(a)) }
