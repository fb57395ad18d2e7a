#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ziggurat_fuzz::b2nd_codec(bytes));
