//! What holds of ends however a kubelet is looked at.

use proptest::prelude::*;
use serde_json::json;

use super::{Failures, container, end, look, note, pod};

proptest! {
    /// However often a kubelet is looked at, no end is counted twice, and none that was seen is
    /// forgotten.
    #[test]
    fn ends_are_counted_as_often_as_they_happened(crashes in 1..12u32, looks in prop::collection::vec(any::<bool>(), 48)) {
        let mut memory = Failures::default();
        let mut looks = looks.into_iter();
        let mut ended_seen = 0;
        for crash in 0..crashes {
            let second = i64::from(crash) * 10 + 5;
            let before = if crash == 0 { json!({}) } else { end("Error", 1, second - 10) };
            let states = [
                (0, json!({"running": {}}), before.clone()),
                (1, end("Error", 1, second), before),
                (2, json!({"waiting": {"reason": "CrashLoopBackOff"}}), end("Error", 1, second)),
            ];
            for (offset, state, last) in states {
                if looks.next() == Some(true) {
                    let status = container(state, crash, last);
                    note(&mut memory, &look(second + offset, &[pod("a", status)]));
                    if offset > 0 {
                        ended_seen = crash + 1;
                    }
                }
            }
        }
        let counted = u32::try_from(memory.failures().len()).unwrap();
        prop_assert!(counted <= crashes);
        // A look in a back-off alone cannot tell whether the count is of starts or of ends.
        prop_assert!(counted + 1 >= ended_seen, "{counted} of {ended_seen}");
    }
}
