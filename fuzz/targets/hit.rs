#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| api_key_helper_cache::fuzzing::hit(bytes));
