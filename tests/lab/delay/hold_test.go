package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

// Gives the numbers in turn, the last one again and again.
func turns(numbers ...float64) func() float64 {
	return func() float64 {
		first := numbers[0]
		if len(numbers) > 1 {
			numbers = numbers[1:]
		}
		return first
	}
}

func TestDueIsWithinTheJitterAndInOrder(t *testing.T) {
	start := time.Now()
	plan := &schedule{delay: 100 * ms, jitter: 40 * ms, random: turns(0.5, 1, 0, 0)}
	for _, step := range []struct{ arrived, want time.Duration }{
		{0, 100 * ms},
		{10 * ms, 150 * ms},
		// By itself at 80: it would overtake the one before it.
		{20 * ms, 150 * ms},
		{200 * ms, 260 * ms},
	} {
		if got := plan.due(start.Add(step.arrived)).Sub(start); got != step.want {
			t.Errorf("arrived at %v: due at %v, want %v", step.arrived, got, step.want)
		}
	}
}

type accepted struct {
	id uint32
	at time.Duration
}

// Runs release on packets that arrive when given, until the end, and gives what it accepted when.
func released(t *testing.T, end time.Duration, arrivals ...time.Duration) []accepted {
	var got []accepted
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), end)
		defer cancel()
		waiting := make(chan packet, len(arrivals))
		plan := &schedule{delay: 300 * ms, random: turns(0.5)}
		go func() {
			for index, at := range arrivals {
				time.Sleep(time.Until(start.Add(at)))
				waiting <- packet{uint32(index), plan.due(time.Now())}
			}
		}()
		err := release(ctx, waiting, func(id uint32) error {
			got = append(got, accepted{id, time.Since(start)})
			return nil
		})
		if err != nil || time.Since(start) != end {
			t.Errorf("ended with %v at %v, want %v", err, time.Since(start), end)
		}
	})
	return got
}

func TestEachPacketIsHeldForItsTime(t *testing.T) {
	got := released(t, time.Second, 0, 10*ms, 10*ms, 500*ms)
	want := []accepted{{0, 300 * ms}, {1, 310 * ms}, {2, 310 * ms}, {3, 800 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTheEndLetsAllGoInOrder(t *testing.T) {
	got := released(t, 305*ms, 0, 10*ms, 20*ms)
	want := []accepted{{0, 300 * ms}, {1, 305 * ms}, {2, 305 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAVerdictThatFailsIsTold(t *testing.T) {
	waiting := make(chan packet, 1)
	waiting <- packet{id: 1}
	broken := errors.New("no queue")
	err := release(t.Context(), waiting, func(uint32) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
}
