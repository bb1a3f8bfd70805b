//! The mistakes, and what has to notice each.

use super::{
    Mutant,
    NoticedBy::{Cargo, Node},
};
use crate::sessions::{MACHINE, SIMULATION};

const KILL: &str = "run -p handfast-sessions -- kill 8 1";

const STRANGERS: &str = "run -p handfast-sessions -- strangers 4000 1";

const LEFTOVERS: &str = "run -p handfast-sessions -- leftovers 3000";

const QUEUE: &str = "test -p handfast --lib outbound::tests";

const FLOODS: &str = "run -p handfast-sessions -- floods";

const COUNTING: &str = "templates/typescript/runtime/handfast/counting.ts";

pub(super) const MUTANTS: [Mutant; 25] = [
    Mutant {
        what: "a message is skipped when a session is resumed",
        file: "runtime/src/session/counting.rs",
        from: "let at = self.kept.partition_point(|kept| kept.last() <= replayed);",
        to: "let at = self.kept.partition_point(|kept| kept.last() <= replayed + 1);",
        noticed_by: Cargo(MACHINE),
    },
    Mutant {
        what: "a message is repeated when a session is resumed",
        file: "runtime/src/session/counting.rs",
        from: "        self.acknowledge(received)?;\n        self.replayed = Some(received);",
        to: "        self.acknowledge(received.saturating_sub(1))?;\n        self.replayed = Some(received.saturating_sub(1));",
        noticed_by: Cargo(MACHINE),
    },
    Mutant {
        what: "a message is not acknowledged",
        file: "runtime/src/session/counting.rs",
        from: "        self.last += 1;\n        self.bytes += bytes;",
        to: "        self.last += u64::from(self.bytes != 40);\n        self.bytes += bytes;",
        noticed_by: Cargo(MACHINE),
    },
    Mutant {
        what: "a volatile message is not counted",
        file: "runtime/src/session/counting.rs",
        from: "kept.as_ref().map_or(1, P::count)",
        to: "kept.as_ref().map_or(0, P::count)",
        noticed_by: Cargo(MACHINE),
    },
    Mutant {
        what: "another principal resumes the session",
        file: "runtime/src/server/connection_handle.rs",
        from: "self.principal.as_deref() == principal && ",
        to: "(self.principal.as_deref() == principal || true) && ",
        noticed_by: Cargo("test -p handfast --test resume"),
    },
    Mutant {
        what: "a token is valid for ever",
        file: "runtime/src/server/sessions.rs",
        from: "        for token in old {\n            state.by_token.remove(&token);\n        }",
        to: "        drop(old);",
        noticed_by: Cargo("test -p handfast --test resume"),
    },
    Mutant {
        what: "a gap is not reported",
        file: "runtime/src/client/sequence.rs",
        from: "            if seq - last == step {",
        to: "            if seq - last >= step {",
        noticed_by: Cargo(SIMULATION),
    },
    Mutant {
        what: "a request that was written and may run once is sent again",
        file: "runtime/src/client/core.rs",
        from: "            resendable: request.idempotent",
        to: "            resendable: (request.idempotent || true)",
        noticed_by: Cargo(KILL),
    },
    Mutant {
        what: "TypeScript: a request that was written and may run once is sent again",
        file: "templates/typescript/runtime/handfast/outbound.ts",
        from: "!(again && idempotent)",
        to: "!again",
        noticed_by: Cargo(KILL),
    },
    Mutant {
        what: "a session is resumed in another encoding",
        file: "runtime/src/server/connection_handle.rs",
        from: " && self.encoding == encoding\n",
        to: " && (self.encoding == encoding || true)\n",
        noticed_by: Cargo(STRANGERS),
    },
    Mutant {
        what: "a stranger resumes a session",
        file: "runtime/src/server/connection_handle.rs",
        from: "self.principal.as_deref() == principal && ",
        to: "(self.principal.as_deref() == principal || true) && ",
        noticed_by: Cargo(STRANGERS),
    },
    Mutant {
        what: "a channel is joined whatever the application says",
        file: "runtime/src/server/system.rs",
        from: "    if let Err(rejection) = service.authorize_join(&key, cx.clone()).await {",
        to: "    if let Err(rejection) = service.authorize_join(&key, cx.clone()).await.or(Ok::<_, Rejection>(())) {",
        noticed_by: Cargo(STRANGERS),
    },
    Mutant {
        what: "credentials of another principal are accepted",
        file: "runtime/src/server/system.rs",
        from: "    if service.principal(&new).as_deref() != connection.principal.as_deref() {",
        to: "    if service.principal(&new).is_none() {",
        noticed_by: Cargo(STRANGERS),
    },
    Mutant {
        what: "the tokens of a session that has ended are kept",
        file: "runtime/src/server/sessions.rs",
        from: "for token in state.tokens.remove(&session).unwrap_or_default() {",
        to: "for token in state.tokens.get(&session).cloned().unwrap_or_default() {",
        noticed_by: Cargo(LEFTOVERS),
    },
    Mutant {
        what: "senders are remembered until there are twice as many",
        file: "runtime/src/server/allowances.rs",
        from: "        if senders.cleaned.is_none_or(due) || ",
        to: "        if senders.cleaned.is_none_or(|cleaned| due(cleaned) && false) || ",
        noticed_by: Cargo("test -p handfast --lib server::allowances"),
    },
    Mutant {
        what: "channels are kept until there are twice as many",
        file: "runtime/src/broker/in_memory.rs",
        from: "        if channels.swept.is_none_or(due) || ",
        to: "        if channels.swept.is_none_or(|swept| due(swept) && false) || ",
        noticed_by: Cargo(LEFTOVERS),
    },
    Mutant {
        what: "errors about answers are queued without a limit",
        file: "runtime/src/server/connection.rs",
        from: "        if self.connection.outbound.is_full() {",
        to: "        if self.connection.outbound.is_full() && false {",
        noticed_by: Cargo(FLOODS),
    },
    Mutant {
        what: "acknowledgements are queued one behind the other",
        file: "runtime/src/outbound.rs",
        from: "control.iter_mut().find(|item| item.mark == ACKNOWLEDGEMENT)",
        to: "control.iter_mut().find(|item| item.mark == 0 && item.mark == ACKNOWLEDGEMENT)",
        noticed_by: Cargo(QUEUE),
    },
    Mutant {
        what: "a client is resumed that may mean another session without a name",
        file: "runtime/src/server/sessions.rs",
        from: "                Some(Doubt::Unheard) => false,",
        to: "                Some(Doubt::Unheard) => true,",
        noticed_by: Cargo("test -p handfast --test numbered"),
    },
    Mutant {
        what: "TypeScript: a message is skipped when a session is resumed",
        file: COUNTING,
        from: "      rest.push(message);\n",
        to: "      if (number !== this.#acknowledged + 2) rest.push(message);\n",
        noticed_by: Node("test/counting.test.js"),
    },
    Mutant {
        what: "TypeScript: a message is repeated when a session is resumed",
        file: COUNTING,
        from: "if (number > received) break;",
        to: "if (number >= received) break;",
        noticed_by: Node("test/counting.test.js"),
    },
    Mutant {
        what: "TypeScript: an acknowledgement is forgotten",
        file: COUNTING,
        from: "    if (received !== undefined) return received;\n",
        to: "    if (received !== undefined && received % 7 > 0) return received;\n",
        noticed_by: Node("test/counting.test.js"),
    },
    Mutant {
        what: "TypeScript: a volatile message is not counted",
        file: COUNTING,
        from: "    this.#last++;\n    if (message === undefined) return;\n",
        to: "    if (message === undefined) return;\n    this.#last++;\n",
        noticed_by: Node("test/counting.test.js"),
    },
    Mutant {
        what: "TypeScript: another session is taken for the one that was lost",
        file: "templates/typescript/runtime/handfast/core.ts",
        from: "if (!resumed && this.#detached) this.#end(false);",
        to: "if (resumed && this.#detached) this.#end(false);",
        noticed_by: Node("test/resume.test.js"),
    },
    Mutant {
        what: "TypeScript: a gap is not reported",
        file: "templates/typescript/runtime/handfast/sequence.ts",
        from: "if (seq === last + step) return {};",
        to: "if (seq >= last + step) return {};",
        noticed_by: Node("test/sequence.test.js"),
    },
];
