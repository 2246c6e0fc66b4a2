#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    dcgan_tests::readers::parquet(bytes);
});
