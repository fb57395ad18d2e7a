#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ziggurat_fuzz::carray_2012(bytes));
