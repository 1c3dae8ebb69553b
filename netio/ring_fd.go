package netio

// readFD reads from a non-blocking descriptor: into direct first, then into the
// ring's free space, about most bytes together. It fills the space there is, not what
// somebody asked for: the rest of the tail, and a fresh node when that is little, or
// several fresh nodes when deep is set (a former read was filled, or a former fill deep). It returns how
// many bytes came, direct's included (0 without an error: the peer has shut down its
// side), and whether they filled the space, so that more may wait. The caller is the
// producer and has no window open.
func (r *Ring) readFD(fd int, direct []byte, most int, deep bool) (n int, filled bool, err error) {
	var (
		bufs  [2 + readVecNodes][]byte
		fresh [readVecNodes]*node
	)
	k, nodes, space := 0, 0, 0
	if len(direct) > 0 {
		direct = direct[:min(len(direct), most)]
		bufs[0] = direct
		k, space = 1, len(direct)
	}
	if space < most {
		t := r.open()
		if t != nil && t.w < len(t.buf) {
			bufs[k] = t.buf[t.w:]
			space += len(bufs[k])
			k++
		}
		limit := readVecNodes
		if !deep {
			limit = 1
			if space >= NodeBytes/2 {
				limit = 0
			}
		}
		for ; nodes < limit && space < most; nodes++ {
			fresh[nodes] = getNode(0)
			bufs[k] = fresh[nodes].buf
			space += NodeBytes
			k++
		}
	}
	if k == 1 {
		n, err = sysReceive(fd, bufs[0])
	} else {
		n, err = sysReadv(fd, bufs[:k])
	}
	r.takeRead(max(n-len(direct), 0), fresh[:nodes])
	return n, n == space, err
}

// takeRead commits n bytes that were read into the tail and then into the fresh
// nodes; it gives back the nodes that were not reached.
func (r *Ring) takeRead(n int, fresh []*node) {
	if !r.opened {
		return
	}
	rest := n
	if t := r.tail.Load(); t != nil {
		had := min(rest, len(t.buf)-t.w)
		t.w += had
		rest -= had
	}
	for _, f := range fresh {
		if rest == 0 {
			putNode(f)
			continue
		}
		f.w = min(rest, NodeBytes)
		rest -= f.w
		r.link(f)
	}
	r.shut(n)
}
