//! Compressors of one format in terms of another.

use ziggurat_codecs::{Blosc, Shuffle};
use ziggurat_core::codec::CodecSpec;

/// The codec that is most like `blosc` among those that are written.
pub(super) fn codec(blosc: &Blosc) -> CodecSpec {
    let shuffle = match blosc.shuffle {
        Shuffle::None => "noshuffle",
        Shuffle::Bytes => "shuffle",
        Shuffle::Bits => "bitshuffle",
    };
    CodecSpec::Blosc {
        compressor: written(&blosc.compressor).to_owned(),
        level: blosc.level.min(9).into(),
        shuffle: shuffle.to_owned(),
    }
}

/// The chunks of Blosc that are most like blocks of `codec`, of those that are written.
pub(super) fn blosc(codec: &CodecSpec) -> Blosc {
    let (compressor, level, shuffle) = match codec {
        CodecSpec::None => ("lz4", 0, Shuffle::None),
        CodecSpec::Zstd(level) => (
            "zstd",
            (level / 2).clamp(1, 9).unsigned_abs(),
            Shuffle::Bytes,
        ),
        CodecSpec::Gzip(level) => ("zlib", *level, Shuffle::Bytes),
        CodecSpec::Extension(_) => ("zstd", 5, Shuffle::Bytes),
        CodecSpec::Blosc {
            compressor,
            level,
            shuffle,
        } => {
            let shuffle = match shuffle.as_str() {
                "noshuffle" => Shuffle::None,
                "bitshuffle" => Shuffle::Bits,
                _ => Shuffle::Bytes,
            };
            (compressor.as_str(), *level, shuffle)
        }
    };
    Blosc {
        compressor: written(compressor).to_owned(),
        level: u8::try_from(level.min(9)).unwrap_or(9),
        shuffle,
    }
}

/// `compressor`, or one like it that is written.
fn written(compressor: &str) -> &str {
    match compressor {
        known @ ("lz4" | "lz4hc" | "zlib" | "zstd") => known,
        _ => "lz4",
    }
}
