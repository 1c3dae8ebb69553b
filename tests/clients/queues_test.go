package clients

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

// Job queues: they move jobs from one state to the next in scripts.

func TestBullMQ(t *testing.T) {
	t.Parallel()
	runScript(t, []string{"node", "node/bullmq.js"},
		"jobs", "priorities", "delayed", "rate limit", "flow", "broken flow", "stalled", "administration")
}

func TestRQ(t *testing.T) {
	t.Parallel()
	runScript(t, []string{"/usr/bin/python3", "scripts/rqapp.py"}, "priorities and dependencies", "failures", "schedule", "empty")
}

func TestSidekiq(t *testing.T) {
	t.Parallel()
	runScript(t, []string{"/usr/bin/ruby", "scripts/sidekiqapp.rb"}, "enqueue", "schedule", "worker", "retries", "inspection")
}

// asynqWork is a worker's handler: it notes what came, in which order.
type asynqWork struct {
	mu   sync.Mutex
	seen []string
	// fail is how often a payload still fails.
	fail map[string]int
}

// ProcessTask notes a task; "once" fails as often as fail says, "never" always and for good.
func (w *asynqWork) ProcessTask(_ context.Context, task *asynq.Task) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := string(task.Payload())
	if w.fail[name] > 0 {
		w.fail[name]--
		return errors.New("not yet")
	}
	if name == "never" {
		return fmt.Errorf("given up: %w", asynq.SkipRetry)
	}
	if out := task.ResultWriter(); out != nil {
		if _, err := out.Write([]byte("result of " + name)); err != nil {
			return err
		}
	}
	w.seen = append(w.seen, name)
	return nil
}

func (w *asynqWork) has(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if s == name {
			return true
		}
	}
	return false
}

// TestAsynq: asynq's client, worker and inspector: priorities, unique and delayed tasks,
// retries, tasks that are given up and run again, results, groups, and paused queues.
func TestAsynq(t *testing.T) {
	t.Parallel()
	s := start(t)
	opt := asynq.RedisClientOpt{Addr: s.Addr}
	client, inspector := asynq.NewClient(opt), asynq.NewInspector(opt)
	t.Cleanup(func() { _, _ = client.Close(), inspector.Close() })
	enqueue := func(payload string, opts ...asynq.Option) *asynq.TaskInfo {
		t.Helper()
		info, err := client.Enqueue(asynq.NewTask("work", []byte(payload)), opts...)
		if err != nil {
			t.Fatal(payload, err)
		}
		return info
	}
	for i := range 20 {
		enqueue(fmt.Sprint("low ", i), asynq.Queue("low"))
		enqueue(fmt.Sprint("high ", i), asynq.Queue("high"))
	}
	enqueue("unique", asynq.Queue("low"), asynq.Unique(time.Hour), asynq.TaskID("the one"))
	if _, err := client.Enqueue(asynq.NewTask("work", []byte("unique")), asynq.Queue("low"), asynq.Unique(time.Hour)); !errors.Is(err, asynq.ErrDuplicateTask) {
		t.Errorf("%v for a task that is there", err)
	}
	if _, err := client.Enqueue(asynq.NewTask("work", nil), asynq.Queue("low"), asynq.TaskID("the one")); !errors.Is(err, asynq.ErrTaskIDConflict) {
		t.Errorf("%v for an id that is taken", err)
	}
	delayed := enqueue("delayed", asynq.ProcessIn(300*time.Millisecond), asynq.Retention(time.Hour))
	if delayed.State != asynq.TaskStateScheduled {
		t.Errorf("state %v", delayed.State)
	}
	enqueue("fails twice", asynq.MaxRetry(2))
	never := enqueue("never", asynq.MaxRetry(5))
	for range 3 {
		enqueue("part", asynq.Group("parts"))
	}
	work := &asynqWork{fail: map[string]int{"fails twice": 2}}
	runAsynq(t, opt, work)
	await(t, func() bool {
		return work.has("delayed") && work.has("fails twice") && work.has("part part part") && work.has("low 19")
	})
	checkAsynqOrder(t, work)
	await(t, func() bool {
		info, err := inspector.GetTaskInfo("default", delayed.ID)
		return err == nil && info.State == asynq.TaskStateCompleted && string(info.Result) == "result of delayed"
	})
	checkAsynqArchive(t, inspector, never.ID)
	if err := inspector.PauseQueue("default"); err != nil {
		t.Fatal(err)
	}
	paused := enqueue("paused")
	if info, err := inspector.GetTaskInfo("default", paused.ID); err != nil || info.State != asynq.TaskStatePending {
		t.Errorf("%+v, %v in a paused queue", info, err)
	}
	if err := inspector.UnpauseQueue("default"); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return work.has("paused") })
	await(t, func() bool {
		info, err := inspector.GetQueueInfo("default")
		return err == nil && info.Active+info.Pending+info.Retry+info.Scheduled+info.Aggregating == 0 && info.Archived == 1 && info.Completed == 1
	})
}

// runAsynq runs a worker with one goroutine, which takes from the queue "high" first, for
// the length of the test.
func runAsynq(t *testing.T, opt asynq.RedisClientOpt, work *asynqWork) {
	server := asynq.NewServer(opt, asynq.Config{
		Concurrency: 1, Queues: map[string]int{"high": 3, "low": 2, "default": 1}, StrictPriority: true,
		TaskCheckInterval: 200 * time.Millisecond, DelayedTaskCheckInterval: 50 * time.Millisecond,
		RetryDelayFunc:   func(int, error, *asynq.Task) time.Duration { return 0 },
		GroupGracePeriod: time.Second, GroupMaxSize: 3, LogLevel: asynq.FatalLevel,
		GroupAggregator: asynq.GroupAggregatorFunc(func(_ string, tasks []*asynq.Task) *asynq.Task {
			all := ""
			for i, task := range tasks {
				if i > 0 {
					all += " "
				}
				all += string(task.Payload())
			}
			return asynq.NewTask("work", []byte(all))
		}),
	})
	if err := server.Start(work); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
}

// checkAsynqOrder: first the queue "high", then "low", each in the order of its tasks.
func checkAsynqOrder(t *testing.T, work *asynqWork) {
	t.Helper()
	work.mu.Lock()
	defer work.mu.Unlock()
	for i := range 20 {
		if work.seen[i] != fmt.Sprint("high ", i) || work.seen[20+i] != fmt.Sprint("low ", i) {
			t.Fatalf("%d: %q", i, work.seen)
		}
	}
}

// checkAsynqArchive: a task that was given up is in the archive, and goes back into it
// after it was run by hand.
func checkAsynqArchive(t *testing.T, inspector *asynq.Inspector, id string) {
	t.Helper()
	archived := func() bool {
		tasks, err := inspector.ListArchivedTasks("default")
		return err == nil && len(tasks) == 1 && tasks[0].ID == id && tasks[0].LastErr != ""
	}
	await(t, archived)
	if err := inspector.RunTask("default", id); err != nil {
		t.Fatal(err)
	}
	await(t, archived)
}
