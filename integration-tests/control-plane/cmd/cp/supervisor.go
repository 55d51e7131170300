package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// supervisor starts components, each with DIR/logs/NAME.log and DIR/pids/NAME, and ends them with itself.
type supervisor struct {
	dir          string
	since        time.Time
	restartAfter time.Duration // 0: a component that dies ends everything

	lock     sync.Mutex
	started  []*exec.Cmd
	died     chan string
	again    chan []string
	stopping atomic.Bool
}

func newSupervisor(dir string, restartAfter time.Duration) *supervisor {
	return &supervisor{dir: dir, since: time.Now(), restartAfter: restartAfter, died: make(chan string, 16), again: make(chan []string, 16)}
}

func (s *supervisor) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *supervisor) say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "cp %5.2f s: %s\n", time.Since(s.since).Seconds(), fmt.Sprintf(format, values...))
}

// start runs a component of this binary. It must be called on the main thread: the component dies with the thread that
// started it, however that ends.
func (s *supervisor) start(component string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.path("logs", component+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(self, append([]string{component}, args...)...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "KWOK_WORKDIR="+s.path("kwok"), "HOME="+s.dir)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := command.Start(); err != nil {
		return err
	}
	s.lock.Lock()
	s.started = append(s.started, command)
	s.lock.Unlock()
	go s.await(command, component, args)
	return os.WriteFile(s.path("pids", component), fmt.Appendln(nil, command.Process.Pid), 0o644)
}

func (s *supervisor) await(command *exec.Cmd, component string, args []string) {
	err := command.Wait()
	if s.restartAfter > 0 && !s.stopping.Load() {
		s.say("%s died (%v) and is started again", component, err)
		time.Sleep(s.restartAfter)
		s.again <- append([]string{component}, args...)
		return
	}
	s.died <- fmt.Sprintf("%s died (%v); see %s", component, err, s.path("logs"))
}

// watch restarts what dies, until the context ends or what died may not be restarted.
func (s *supervisor) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case died := <-s.died:
			return fmt.Errorf("%s", died)
		case again := <-s.again:
			if err := s.start(again[0], again[1:]...); err != nil {
				return err
			}
		}
	}
}

// stop kills everything: nothing here is worth a graceful end.
func (s *supervisor) stop() {
	s.stopping.Store(true)
	s.lock.Lock()
	defer s.lock.Unlock()
	for i := len(s.started) - 1; i >= 0; i-- {
		_ = s.started[i].Process.Kill()
	}
}

// wait looks until something holds.
func (s *supervisor) wait(ctx context.Context, what string, holds func() bool) error {
	const limit = 2 * time.Minute
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if holds() {
			s.say("%s", what)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case died := <-s.died:
			return fmt.Errorf("before %s: %s", what, died)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s: not within %s; see %s", what, limit, s.path("logs"))
}

// freePort is a port nobody listens on, chosen by the kernel.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
