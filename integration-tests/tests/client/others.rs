//! Other clients beside one whose key is refused are not affected.

use std::thread;
use std::time::Duration;

use integration_tests::binaries::Binaries;
use integration_tests::client::{Claude, MessagesApi, Refusal, TTL_VARIABLE};
use integration_tests::wait::sleep;
use serde_json::json;

use crate::failure::Failure;
use crate::runs::Runs;
use crate::world::{FIRST, SECOND, World};

#[test]
fn claude_code_hits_the_cache_while_another_is_rejected() {
    let world = World::new();
    world.configure("ttl = \"1h\"", world.vault.address());
    let strict = MessagesApi::refusing_with(Refusal::Unauthorized);
    strict.accept_only(&[]);
    let runs = Runs::of(&world.home);
    // Their files are written before one of them runs.
    let (refused, other) = (Claude::of(&world.home, &strict), world.claude());
    // It asks before each turn.
    let settings = json!({ "apiKeyHelper": runs.line(), "env": { TTL_VARIABLE: "1" } });
    let mut calm = other.clone().settings(&settings).session();
    calm.ping();

    thread::scope(|scope| {
        let refused = scope.spawn(move || refused.ask("ping").run());
        while !refused.is_finished() {
            calm.ping();
            // The pause limits the load of the machine.
            sleep(Duration::from_millis(100));
        }
        Failure::said_by(&refused.join().unwrap()).assert_rejected("vault");
    });
    calm.ping();
    runs.assert_quiet();
    // Clients with a common home may report that.
    let said = calm.end();
    assert!(!said.to_lowercase().contains("helper"), "{said}");
    // A client that starts now is not affected either.
    let answer = other.ask("ping").run();
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(0), "pong\n", ""));

    let answered = world.api.answered();
    assert!(answered.iter().all(|answered| *answered == (FIRST.to_owned(), 200)), "{answered:?}");
    assert!(runs.count() > 5, "{}", runs.count());
    // The additional read was for the refused key.
    assert_eq!(world.reads(), 2);
}

#[test]
fn claude_code_agent_commands_are_no_rejection() {
    let world = World::new();
    let mut session = world.claude().arg("--allowedTools").arg("Bash").session();
    let helper = Binaries::built().front.display();
    world.api.ask_for_command(&format!(
        "i=0; while [ $i -lt 100 ]; do '{helper}' >/dev/null || echo told off; i=$((i+1)); done; \
         echo $i calls, CLAUDECODE=$CLAUDECODE"
    ));
    session.ping();
    assert_eq!(world.api.outputs(), ["100 calls, CLAUDECODE=1"]);
    assert_eq!(world.reads(), 1);

    // Its own key is refused for the first time.
    world.rotate(SECOND);
    world.api.accept_only(&[SECOND]);
    session.ping();
    assert_eq!(session.end(), "");
    world.assert_answered(&[(FIRST, 200), (FIRST, 200), (FIRST, 401), (SECOND, 200)]);
    assert_eq!(world.reads(), 2);
}
