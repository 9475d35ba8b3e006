package main

import (
	"context"
	"time"
)

// packet is one that the kernel holds until it is accepted.
type packet struct {
	id  uint32
	due time.Time
}

// schedule says when packets are due, each after the one before it.
type schedule struct {
	delay, jitter time.Duration
	// random gives a number from 0 up to 1.
	random func() float64
	last   time.Time
}

// due gives the time of a packet that arrived just now.
func (s *schedule) due(arrived time.Time) time.Time {
	shift := time.Duration((2*s.random() - 1) * float64(s.jitter))
	at := arrived.Add(s.delay + shift)
	// A line of packets keeps its order, as a network's usually does: jitter overtakes nobody.
	if at.Before(s.last) {
		at = s.last
	}
	s.last = at
	return at
}

// release accepts packets when they are due until the context ends, and those left at once.
func release(ctx context.Context, waiting <-chan packet, accept func(uint32) error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var next packet
		select {
		case next = <-waiting:
		case <-ctx.Done():
			return releaseAll(waiting, accept)
		}
		timer.Reset(time.Until(next.due))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		if err := accept(next.id); err != nil {
			return err
		}
	}
}

// releaseAll accepts what waits: the kernel would drop it with the end of this program.
func releaseAll(waiting <-chan packet, accept func(uint32) error) error {
	for {
		select {
		case next := <-waiting:
			if err := accept(next.id); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
