//! A place where a program waits until the test resumes it.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::wait::{LIMIT, until};

/// A local port. A program that connects to it waits until its connection is closed. The connection
/// ends with the process, so the test sees that as well. Neither side waits for a fixed time.
#[derive(Debug)]
pub struct Breakpoint {
    listener: TcpListener,
}

impl Breakpoint {
    /// Makes a breakpoint.
    ///
    /// # Panics
    /// The machine has no free port.
    #[must_use]
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that can be looked at");
        Self { listener }
    }

    /// Returns the step of a program that waits here.
    ///
    /// # Panics
    /// The port is unknown.
    #[must_use]
    pub fn wait_step(&self) -> String {
        format!("wait {}", self.address())
    }

    /// Returns the step of a program that starts a process which waits here, and continues.
    ///
    /// # Panics
    /// The port is unknown.
    #[must_use]
    pub fn leave_step(&self) -> String {
        format!("leave {}", self.address())
    }

    /// Waits until a program is here. The program resumes when the result is dropped.
    ///
    /// # Panics
    /// None comes.
    #[track_caller]
    #[must_use]
    pub fn reached(&self) -> Paused {
        Paused { connection: until("a program waits at the breakpoint", || self.accept()) }
    }

    fn accept(&self) -> Option<TcpStream> {
        let (connection, _) = self.listener.accept().ok()?;
        connection.set_nonblocking(false).expect("a connection that waits");
        Some(connection)
    }

    fn address(&self) -> String {
        self.listener.local_addr().expect("the breakpoint's address").to_string()
    }
}

impl Default for Breakpoint {
    fn default() -> Self {
        Self::new()
    }
}

/// A program that waits at a breakpoint.
#[derive(Debug)]
pub struct Paused {
    connection: TcpStream,
}

impl Paused {
    /// Resumes the program.
    pub fn resume(self) {}

    /// Waits until its process has ended, which it does not do by itself.
    ///
    /// # Panics
    /// It keeps waiting.
    #[track_caller]
    pub fn assert_ends(mut self) {
        self.connection.set_read_timeout(Some(LIMIT)).expect("a limit");
        match self.connection.read(&mut [0]) {
            // A killed process may close its connection in either way.
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("the program goes on: {other:?}"),
        }
    }

    /// Asserts that the process has not ended.
    ///
    /// # Panics
    /// It has ended.
    #[track_caller]
    pub fn assert_waits(&mut self) {
        self.connection.set_nonblocking(true).expect("a connection that can be looked at");
        let read = self.connection.read(&mut [0]);
        let stands = matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock);
        assert!(stands, "the program has ended: {read:?}");
        self.connection.set_nonblocking(false).expect("a connection that waits");
    }
}
