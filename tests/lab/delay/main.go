// Command lab-delay holds every packet of a netfilter queue for a while and then accepts it: what
// the kernel's netem does, for kernels that have none. It runs in a lab host's network namespace,
// prints "ready" when the queue is its own, and ends by itself when its time is over.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/florianl/go-nfqueue/v2"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

const (
	// Packets that are held at once; those beyond are dropped, as netem drops beyond its limit.
	mostHeld = 1 << 14
	// Room for what the kernel tells while this program has no turn, in bytes.
	readBuffer = 4 << 20
)

type options struct {
	queue         uint
	delay, jitter time.Duration
	seconds       float64
}

func main() {
	if err := run(parsed()); err != nil {
		fmt.Fprintf(os.Stderr, "lab-delay: %v\n", err)
		os.Exit(1)
	}
}

func parsed() options {
	var given options
	// Read by whoever looks for this process among others.
	flag.String("fault", "", "name of the fault that this is part of")
	flag.UintVar(&given.queue, "queue", 0, "number of the netfilter queue")
	flag.DurationVar(&given.delay, "delay", 0, "how long each packet is held")
	flag.DurationVar(&given.jitter, "jitter", 0, "how much longer or shorter it may be")
	flag.Float64Var(&given.seconds, "seconds", 0, "when to end")
	flag.Parse()
	return given
}

func run(given options) error {
	if given.jitter < 0 || given.jitter > given.delay {
		return fmt.Errorf("a jitter of %v around %v", given.jitter, given.delay)
	}
	if given.queue > 65535 {
		return fmt.Errorf("there is no queue %d", given.queue)
	}
	signalled, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	limit := time.Duration(given.seconds * float64(time.Second))
	bounded, cancel := context.WithTimeout(signalled, limit)
	defer cancel()
	return hold(bounded, given)
}

// hold delays the packets of a queue until the context ends.
func hold(bounded context.Context, given options) error {
	queue, err := open(uint16(given.queue))
	if err != nil {
		return err
	}
	defer queue.Close()
	// Reading ends after the last release, and before the queue is closed.
	reading, stopReading := context.WithCancel(context.Background())
	defer stopReading()
	releasing, broken := context.WithCancelCause(bounded)
	defer broken(nil)
	waiting := make(chan packet, mostHeld)
	plan := &schedule{delay: given.delay, jitter: given.jitter, random: rand.Float64}
	arrived := func(found nfqueue.Attribute) int {
		waiting <- packet{id: *found.PacketID, due: plan.due(time.Now())}
		return 0
	}
	failed := func(err error) int {
		if passing(err) {
			return 0
		}
		broken(fmt.Errorf("read the queue: %w", err))
		return 1
	}
	if err := queue.RegisterWithErrorFunc(reading, arrived, failed); err != nil {
		return fmt.Errorf("take queue %d: %w", given.queue, err)
	}
	fmt.Println("ready")
	accept := func(id uint32) error { return queue.SetVerdict(id, nfqueue.NfAccept) }
	if err := release(releasing, waiting, accept); err != nil {
		return fmt.Errorf("accept a packet: %w", err)
	}
	if cause := context.Cause(releasing); bounded.Err() == nil {
		return cause
	}
	return nil
}

func open(number uint16) (*nfqueue.Nfqueue, error) {
	queue, err := nfqueue.Open(&nfqueue.Config{
		NfQueue:     number,
		MaxQueueLen: mostHeld,
		AfFamily:    unix.AF_INET,
		// Contents are of no interest, and large packets may stay in one piece.
		Copymode: nfqueue.NfQnlCopyMeta,
		Flags:    nfqueue.NfQaCfgFlagGSO,
	})
	if err != nil {
		return nil, fmt.Errorf("open the netfilter queues: %w", err)
	}
	if err := queue.Con.SetReadBuffer(readBuffer); err != nil {
		queue.Close()
		return nil, fmt.Errorf("make room for the queue: %w", err)
	}
	return queue, nil
}

// passing tells an error that is about single packets from one that ends the reading of all.
func passing(err error) bool {
	// ENOBUFS: told faster than read, and dropped. ENOENT: a packet went with its network device.
	if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOENT) {
		return true
	}
	var failed *netlink.OpError
	return errors.As(err, &failed) && failed.Temporary()
}
