//! The position of a client in a channel: what is new, what is a duplicate, and what is missing.
//!
//! The TypeScript runtime has the same rules. `tests/vectors/sequence.json` is run by both.

use super::Gap;
use crate::GapReason;

/// The position in a channel, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    epoch: Option<String>,
    /// The number of the last message.
    seq: Option<u64>,
    /// The sequence numbers that were last reported as missing.
    missed: Option<(u64, u64)>,
}

/// The maximum length of an epoch, in characters: a client keeps it, and repeats it when it joins again. A longer one is none.
const MAX_EPOCH: usize = 64;

fn is_short(epoch: &str) -> bool {
    epoch.chars().nth(MAX_EPOCH).is_none()
}

/// What the number of a message says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// It is new.
    New,
    /// It is new, and messages before it are missing.
    After(Gap),
    /// It was received before.
    Duplicate,
}

impl Sequence {
    /// The position of the last message, if all of it is known.
    pub(crate) fn position(&self) -> Option<(u64, &str)> {
        Some((self.seq?, self.epoch.as_deref()?))
    }

    /// The number of the last message, if it is known.
    pub(crate) fn last(&self) -> Option<u64> {
        self.seq
    }

    /// Forgets which messages were last reported as missing, because an unbounded gap is reported.
    pub(crate) fn forget_missed(&mut self) {
        self.missed = None;
    }

    /// Handles the answer to a join, which has the number of the last message before it. Returns what is missing.
    pub(crate) fn joined(&mut self, seq: Option<u64>, epoch: Option<&str>) -> Option<Gap> {
        match self.advance(seq, epoch, 0) {
            Check::After(gap) => Some(gap),
            Check::New | Check::Duplicate => None,
        }
    }

    /// Handles a message, or the number of one that is not for this client.
    pub(crate) fn message(&mut self, seq: Option<u64>, epoch: Option<&str>) -> Check {
        self.advance(seq, epoch, 1)
    }

    /// Handles a gap that the server reports. The position is where the numbering is, if it began anew.
    pub(crate) fn reported(&mut self, gap: Gap, (seq, epoch): (Option<u64>, Option<String>)) {
        if gap.reason == Some(GapReason::Epoch) {
            *self = Self {
                epoch: epoch.filter(|epoch| is_short(epoch)),
                seq,
                missed: None,
            };
            return;
        }
        if let Some(to) = gap.to
            && self.seq.is_none_or(|last| to > last)
        {
            let first = self.seq.map_or(0, |last| last.saturating_add(1));
            self.missed = Some((gap.from.unwrap_or(first).max(first), to));
            self.seq = Some(to);
        }
    }

    /// Advances to a number. `step` is how much it grows if nothing is missing: 0 in the answer to a join, 1 in a message.
    fn advance(&mut self, seq: Option<u64>, epoch: Option<&str>, step: u64) -> Check {
        let last = self.seq;
        let epoch = epoch.filter(|epoch| is_short(epoch));
        let renewed = matches!((epoch, &self.epoch), (Some(new), Some(old)) if new != old);
        if renewed || self.epoch.is_none() {
            self.epoch = epoch.map(str::to_owned).or(self.epoch.take());
        }
        if renewed {
            (self.seq, self.missed) = (seq, None);
            return Check::After(Gap {
                reason: Some(GapReason::Epoch),
                ..Gap::UNBOUNDED
            });
        }
        let (Some(seq), Some(last)) = (seq, last) else {
            self.seq = seq.or(last);
            return Check::New;
        };
        if step == 1 && seq <= last {
            // A number that was reported as missing is no duplicate. One of the two numbers was wrong, so it is unknown which
            // messages are missing, and counting continues from here.
            if !self
                .missed
                .is_some_and(|(from, to)| (from..=to).contains(&seq))
            {
                return Check::Duplicate;
            }
        } else if seq >= last {
            self.seq = Some(seq);
            if seq - last == step {
                return Check::New;
            }
            let (from, to) = (last + 1, seq - step);
            self.missed = Some((from, to));
            return Check::After(Gap {
                from: Some(from),
                to: Some(to),
                reason: None,
            });
        }
        // The number went backwards: it is unknown what is missing.
        (self.seq, self.missed) = (Some(seq), None);
        Check::After(Gap::UNBOUNDED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        steps: Vec<Step>,
    }

    /// An input, and what a subscription receives for it.
    #[derive(Deserialize)]
    struct Step {
        input: Input,
        #[serde(default)]
        outputs: Vec<Output>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Input {
        Joined(Numbers),
        Message(Numbers),
        Skip(Numbers),
        Gap(Reported),
    }

    #[derive(Deserialize)]
    struct Numbers {
        seq: Option<u64>,
        epoch: Option<String>,
    }

    #[derive(Clone, Deserialize, Debug, PartialEq, Eq)]
    struct Bounds {
        from: Option<u64>,
        to: Option<u64>,
        reason: Option<String>,
    }

    /// As [`Bounds`], with the new position.
    #[derive(Deserialize)]
    struct Reported {
        #[serde(flatten)]
        bounds: Bounds,
        seq: Option<u64>,
        epoch: Option<String>,
    }

    #[derive(Deserialize, Debug, PartialEq, Eq)]
    #[serde(rename_all = "lowercase")]
    enum Output {
        Deliver,
        Duplicate,
        Gap(Bounds),
    }

    fn gap(gap: Gap) -> Output {
        Output::Gap(Bounds {
            from: gap.from,
            to: gap.to,
            reason: gap.reason.map(|reason| reason.as_str().into()),
        })
    }

    fn outputs(sequence: &mut Sequence, input: &Input) -> Vec<Output> {
        let check = |check, delivers: bool| match check {
            Check::Duplicate => vec![Output::Duplicate],
            Check::New => delivers.then_some(Output::Deliver).into_iter().collect(),
            Check::After(missing) => {
                let deliver = delivers.then_some(Output::Deliver);
                [gap(missing)].into_iter().chain(deliver).collect()
            }
        };
        match input {
            Input::Joined(at) => {
                let missing = sequence.joined(at.seq, at.epoch.as_deref());
                missing.map(gap).into_iter().collect()
            }
            Input::Message(at) => check(sequence.message(at.seq, at.epoch.as_deref()), true),
            Input::Skip(at) => check(sequence.message(at.seq, None), false),
            Input::Gap(Reported { bounds, seq, epoch }) => {
                let reported = Gap {
                    from: bounds.from,
                    to: bounds.to,
                    reason: bounds.reason.as_deref().map(GapReason::of),
                };
                sequence.reported(reported, (*seq, epoch.clone()));
                vec![gap(reported)]
            }
        }
    }

    #[test]
    fn the_vectors_hold() {
        let vectors = include_str!("../../tests/vectors/sequence.json");
        let vectors: Vec<Vector> = serde_json::from_str(vectors).expect("the vectors are valid");
        for Vector { name, steps } in vectors {
            let mut sequence = Sequence::default();
            for (i, step) in steps.iter().enumerate() {
                let got = outputs(&mut sequence, &step.input);
                assert_eq!(got, step.outputs, "{name}, step {i}");
            }
        }
    }
}
