#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| credlatch_fuzz_targets::url(bytes));
