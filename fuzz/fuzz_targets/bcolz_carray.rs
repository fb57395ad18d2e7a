#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ziggurat_fuzz::bcolz_carray(bytes));
