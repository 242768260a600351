//! The helper's output on a user's screen.

use crate::failure::Failure;
use crate::world::{FIRST, SECOND, World};

#[test]
fn claude_code_screen_shows_nothing_of_a_working_helper() {
    let world = World::new();
    let mut terminal = world.claude().terminal();
    terminal.ask("ping");
    terminal.wait_for("● pong");
    let words = terminal.words();
    assert!(!words.contains("api-key-helper") && !words.contains("apiKeyHelper"), "{words}");
    world.assert_answered(&[(FIRST, 200)]);
}

#[test]
fn claude_code_screen_shows_the_whole_error() {
    let world = World::new();
    world.deny();
    let by_hand = world.home.helper().run();
    by_hand.assert_error(4, &["vault refused to read"]);
    let claude = world.claude();

    let failure = Failure::said_by(&claude.ask("ping").run());
    assert_eq!((failure.code, failure.lines.join("\n") + "\n"), (4, by_hand.stderr));

    let mut terminal = claude.terminal();
    terminal.ask("ping");
    terminal.wait_for(RESEND);
    assert_eq!(Failure::shown_on(&terminal), failure);
}

#[test]
fn claude_code_screen_shows_a_rejected_key_with_a_working_hint() {
    let world = World::new();
    world.api.accept_only(&[]);
    let mut terminal = world.claude().terminal();
    terminal.ask("ping");
    terminal.wait_for(RESEND);
    let failure = Failure::shown_on(&terminal);
    failure.assert_rejected("vault");
    assert!(world.reads() <= 2, "{}", world.reads());

    world.rotate(SECOND);
    world.api.accept_only(&[SECOND]);
    assert!(failure.lines[1].ends_with("then run `api-key-helper get --refresh`"), "{failure:?}");
    world.home.call(["get", "--refresh"]).run().assert_key(SECOND);
    terminal.ask("ping");
    terminal.wait_for("● pong");
}

/// Shown when the client has given up, and waits for the user.
const RESEND: &str = "Once fixed, resend your message";
