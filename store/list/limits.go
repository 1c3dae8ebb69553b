package list

const (
	// safeNodeBytes bounds a node when list-max-listpack-size is a number of elements.
	safeNodeBytes = 8 << 10
	// smallestSizeBytes is list-max-listpack-size -1; each step down doubles it.
	smallestSizeBytes = 4 << 10
	sizeSteps         = 5

	// listpackOverheadBytes is what Redis counts besides the elements.
	listpackOverheadBytes = 7
	// maxCompactElems is what the payload's counter holds.
	maxCompactElems = 1<<16 - 1
	// gapMinBytes: shorter compact lists have no gap; moving them costs nothing.
	gapMinBytes = 256
	// gapShare: a gap grows to 1/gapShare of the elements before it is closed.
	gapShare = 4
	// newGapShare: a push at the head of a longer compact list leaves this share free.
	newGapShare = 8

	// minNodeBytes is the size of a new end node in a short list; it is
	// 1/newNodeShare of the list otherwise, up to the bounds.
	minNodeBytes = 512
	newNodeShare = 8
	// shiftShare: inside a node elements are moved only for 1/shiftShare of room.
	shiftShare = 8

	// minFan and maxFan are the children of the smallest and largest inner blocks;
	// each size is twice the one before and one more.
	minFan = 3
	maxFan = 63
	// maxLevels bounds the height of the tree: 32 children at least on average.
	maxLevels = 12
)

// bounds are the most bytes and elements of a packed run.
type bounds struct{ bytes, elems int }

// boundsOf reads list-max-listpack-size: elements, or -1 to -5 for 4 to 64 KB.
func boundsOf(size int) bounds {
	if size < 0 {
		return bounds{smallestSizeBytes << (min(-size, sizeSteps) - 1), 1<<31 - 1}
	}
	return bounds{safeNodeBytes, max(size, 1)}
}

// half is what a full list must keep to before it becomes compact.
func (b bounds) half() bounds { return bounds{b.bytes / 2, b.elems / 2} }
