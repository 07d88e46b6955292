package kernel

import "testing"

// planted is a fault that the nodes of a simulation have.
type planted struct {
	kind fault
	rare int // it strikes one in so many times that it could
}

// strike says whether the fault strikes now.
func (net *network) strike() bool {
	hit := !net.over && net.oneIn(net.fault.rare)
	if hit {
		net.met.Struck++
	}
	return hit
}

// seedsToCatch is within how many seeds a planted fault has to be found.
const seedsToCatch = 200

func catches(t *testing.T, f planted) {
	t.Helper()
	seed, struck := uint64(1), 0
	for ; seed <= seedsToCatch; seed++ {
		r := simulate(seed, f)
		struck += r.met.Struck
		if r.report != "" && r.met.Struck > 0 && simulate(seed, planted{}).report == "" {
			t.Logf("caught by seed %d, after it had struck %d times:\n%s", seed, struck, lastLines(r.report, 4))
			return
		}
	}
	t.Errorf("not caught by %d seeds, in which it struck %d times", seedsToCatch, struck)
}

// lastLines are the end of a report: what was wrong.
func lastLines(s string, n int) string {
	i := len(s)
	for ; i > 0 && n >= 0; i-- {
		if s[i-1] == '\n' {
			n--
		}
	}
	return s[i:]
}

func TestSimulationCatchesDropOnConnectionSwitch(t *testing.T) { catches(t, planted{dropOnSwitch, 2}) }

func TestSimulationCatchesSwapAcrossLoops(t *testing.T) { catches(t, planted{swapAcross, 20}) }

func TestSimulationCatchesSecondFiringOfAMonitor(t *testing.T) { catches(t, planted{secondFiring, 20}) }

func TestSimulationCatchesForgottenWaiter(t *testing.T) { catches(t, planted{forgottenWaiter, 2}) }

func TestSimulationCatchesLinkDownBeforeTheLastFrame(t *testing.T) {
	catches(t, planted{downBeforeLast, 1})
}

func TestSimulationCatchesStaleEpoch(t *testing.T) { catches(t, planted{staleEpoch, 1}) }

func TestSimulationCatchesLeakedBuffer(t *testing.T) { catches(t, planted{leakedBuffer, 20}) }

func TestSimulationCatchesLostWakeUp(t *testing.T) { catches(t, planted{lostWakeup, 50}) }
