package global

import (
	"strings"
	"testing"

	"github.com/aemp-go/aemp/global/merge"
)

// planted is a fault that the nodes of a simulation have.
type planted struct {
	kind  faults
	flaws merge.Fault
}

// seedsToCatch is within how many seeds a planted fault has to be found.
const seedsToCatch = 200

func catches(t *testing.T, f planted) {
	t.Helper()
	t.Parallel()
	for seed := uint64(1); seed <= seedsToCatch; seed++ {
		r := simulate(seed, f)
		if r.report != "" && simulate(seed, planted{}).report == "" {
			wrong := r.report[strings.Index(r.report, "WRONG"):]
			t.Logf("caught by seed %d:\n%.600s", seed, wrong)
			return
		}
	}
	t.Errorf("not caught by %d seeds", seedsToCatch)
}

func TestSimulationCatchesMergeByArrival(t *testing.T) {
	catches(t, planted{flaws: merge.MergeByArrival})
}

func TestSimulationCatchesAStaleCopyBelieved(t *testing.T) {
	catches(t, planted{flaws: merge.StaleCopyBelieved})
}

func TestSimulationCatchesAForgottenCleanUp(t *testing.T) {
	catches(t, planted{kind: forgottenCleanup})
}

func TestSimulationCatchesADifferenceLostWithTheMaster(t *testing.T) {
	catches(t, planted{kind: lostDifference})
}
