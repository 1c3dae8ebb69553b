// Package geohash maps points on the earth to numbers of 52 bits whose order keeps near
// points together, as the geographical commands store them, and finds the ranges of
// those numbers that cover a circle or a box.
//
// # Terms
//
//	cell     one of the 4^step rectangles into which step halvings of both coordinates
//	         divide the map
//	hash     the number of a cell: the bits of its row (latitude) in the even and of its
//	         column (longitude) in the odd places, the most significant first
//	score    the hash of a cell of step 26, or of another one shifted to those 52 bits
//
// # Layout of a score
//
//	bit      51    50    49    48   ...   1     0
//	        lon25 lat25 lon24 lat24      lon0  lat0
//
// The map ends at 85.05112878 degrees north and south (EPSG:900913). The earth is a
// sphere of 6372797.560856 m.
package geohash
