//! Keeps the compressors of C-Blosc2 and those of this project apart.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Both libraries bring zstd and lz4. Without this, the ones linked here would replace those in the
    // shared library of C-Blosc2, which would then be compared with itself.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-tests=-Wl,--exclude-libs,ALL");
    }
}
