use std::time::Instant;
use ziggurat_codecs::blosc2::*;
use ziggurat_core::Region;
fn main() {
    let threads: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .unwrap();
    for path in std::env::args().skip(2) {
        let a = B2nd::open(&path).unwrap();
        let s = a.layout().shape().to_vec();
        let whole = Region::whole(&s);
        let n = whole.len() as usize * a.frame().header().typesize;
        let mut out = vec![0u8; n];
        let best = |name: &str, bytes: usize, f: &mut dyn FnMut()| {
            let mut t: Vec<f64> = (0..7)
                .map(|_| {
                    let i = Instant::now();
                    f();
                    i.elapsed().as_secs_f64()
                })
                .collect();
            t.sort_by(f64::total_cmp);
            println!(
                "{path} {threads}t {name}: {:.3} ms {:.0} MB/s",
                t[3] * 1e3,
                bytes as f64 / t[3] / 1e6
            );
        };
        best("whole", n, &mut || a.read_into(&whole, &mut out).unwrap());
        for d in 0..3 {
            let mut r = whole.clone();
            r.start[d] = 100;
            r.shape[d] = 1;
            best(&format!("plane{d}"), 0, &mut || {
                let a = B2nd::open(&path).unwrap();
                a.read(&r).unwrap();
            });
        }
        let cube = Region::new([90, 200, 300], [16, 16, 16]);
        best("cube", 0, &mut || {
            let a = B2nd::open(&path).unwrap();
            a.read(&cube).unwrap();
        });
        let point = Region::new([90, 200, 300], [1, 1, 1]);
        best("point", 0, &mut || {
            let a = B2nd::open(&path).unwrap();
            a.read(&point).unwrap();
        });
        let codec = a.frame().header().pipeline.compressor().unwrap();
        let level = a.frame().header().pipeline.level();
        let enc = Encoder::new(4).unwrap().compressor(codec, level).unwrap();
        let mut size = 0;
        best("encode", n, &mut || {
            let t = Contiguous::new(std::io::Cursor::new(Vec::new()));
            let mut w = NdWriter::new(t, a.layout().clone(), enc, &Metalayers::default()).unwrap();
            w.push_array(&out).unwrap();
            size = w.finish(&Metalayers::default()).unwrap().into_inner().len();
        });
        println!(
            "{path} size {size} vs {}",
            std::fs::metadata(&path).unwrap().len()
        );
    }
}
