package main

import (
	"fmt"
	"strings"
	"time"
)

// pace is the rest of a client that only accompanies the writers.
const pace = 50 * time.Millisecond

// scanLoop iterates over everything, again and again.
func scanLoop(j *job) error {
	c, err := j.srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	cursor := "0"
	for !j.stop.Load() {
		v, err := c.Do("SCAN", cursor, "COUNT", "500")
		if err != nil || len(v.Elems) != 2 {
			return fmt.Errorf("SCAN: %s, %v", v, err)
		}
		if cursor = v.Elems[0].Text(); cursor == "0" {
			time.Sleep(pace)
		}
		j.ops.Add(1)
	}
	return nil
}

// listLoop runs what operators run.
func listLoop(j *job) error {
	c, err := j.srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for n := 0; !j.stop.Load(); n++ {
		lines := []string{"INFO", "CLIENT LIST", "DBSIZE", "CONFIG GET *", "COMMAND", "RANDOMKEY"}
		if n%100 == 0 {
			lines = append(lines, "KEYS w0:1*")
		}
		for _, line := range lines {
			v, err := c.Do(strings.Fields(line)...)
			if err != nil || v.IsError() {
				return fmt.Errorf("%s: %.200s, %v", line, v, err)
			}
			j.ops.Add(1)
		}
		time.Sleep(pace)
	}
	return nil
}

// visitLoop connects, says half a sentence, and leaves.
func visitLoop(j *job) error {
	for n := 0; !j.stop.Load(); n++ {
		c, err := j.srv.Dial()
		if err != nil {
			return err
		}
		switch n % 3 {
		case 0:
			err = c.Write([]byte("*2\r\n$3\r\nGET\r\n$100"))
		case 1:
			_, err = c.Do("HELLO", "3")
		case 2:
			err = c.Write([]byte("GET w0:1\r\nGET w0:2\r\n"))
		}
		_ = c.Close()
		if err != nil {
			return err
		}
		j.ops.Add(1)
		time.Sleep(pace / 10)
	}
	return nil
}
