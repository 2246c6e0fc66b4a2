//! The first signal ends the stage in order, the second immediately.

use crate::with_arguments;
use dcgan_testkit::example;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A running stage with installed handlers. Not by `dcgan_testkit::run`, which waits for the end.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    fn start(end: &str) -> Self {
        // Receives SIGHUP even if the tests run under `nohup`.
        let mut env = Command::new("env");
        env.arg("--default-signal=HUP").arg(example("stage"));
        let mut command = with_arguments(env, &[end]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self {
            child,
            stdout,
            stderr,
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Exit code and the rest of stdout and stderr.
    fn end(mut self) -> String {
        let code = self.child.wait().unwrap().code();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        format!("{code:?}\n{stdout}{stderr}")
    }
}

#[test]
fn the_first_signal_ends_in_order() {
    let end = |name| {
        let running = Running::start("wait");
        running.signal(name);
        running.end()
    };
    insta::assert_snapshot!(end("INT"), @"
    Some(130)
    saved
    warning: SIGINT received: saving, then stopping; a second one stops at once
    interrupted by SIGINT: the same command continues
    ");
    insta::assert_snapshot!(end("TERM"), @"
    Some(143)
    saved
    warning: SIGTERM received: saving, then stopping; a second one stops at once
    interrupted by SIGTERM: the same command continues
    ");
    assert_eq!(end("HUP"), end("TERM"));
}

#[test]
fn the_second_signal_ends_at_once() {
    let mut running = Running::start("stay");
    running.signal("TERM");
    let mut warning = String::new();
    running.stderr.read_line(&mut warning).unwrap();
    assert!(
        warning.starts_with("warning: SIGTERM received"),
        "{warning}"
    );
    // A second signal by a user, not the first delivered twice.
    std::thread::sleep(Duration::from_millis(300));
    running.signal("INT");
    assert_eq!(running.end(), "Some(130)\n");
}
