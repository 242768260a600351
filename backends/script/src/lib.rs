//! Runs a program and takes what it prints.
