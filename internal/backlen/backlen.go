package backlen

// Max is the most that Of returns.
const Max = 5

// Of returns how many bytes the size n of an element takes behind it.
func Of(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14-1:
		return 2
	case n < 1<<21-1:
		return 3
	case n < 1<<28-1:
		return 4
	}
	return Max
}
