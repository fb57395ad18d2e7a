//! What `zarr.json` may say.

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_codecs::b2nd::{Codec, Configuration};
use ziggurat_core::Error;

use super::configurations;

fn good() -> Value {
    json!({"block_shape": [4, 4], "cname": "zstd", "clevel": 5})
}

proptest! {
    #[test]
    fn what_is_written_is_read(configuration in configurations(vec![3, 1, 9])) {
        let codec = configuration.to_json();
        prop_assert_eq!(codec["name"].as_str(), Some("b2nd"));
        prop_assert_eq!(Configuration::parse(&codec["configuration"]).unwrap(), configuration);
    }
}

#[test]
fn members_have_defaults() {
    let least = Configuration::parse(&good()).unwrap().to_json();
    let all = json!({"name": "b2nd", "configuration": {
        "block_shape": [4, 4], "cname": "zstd", "clevel": 5, "filters": [], "split": "auto",
        "checksum": null
    }});
    assert_eq!(least, all);
}

#[test]
fn faults_name_the_member() {
    let wrong = [
        ("block_shape", json!([4, 0])),
        ("block_shape", json!(4)),
        ("cname", json!("snappy")),
        ("cname", json!(1)),
        ("clevel", json!(10)),
        ("clevel", json!(-1)),
        ("filters", json!("shuffle")),
        ("filters", json!(["shuffle"])),
        ("filters", json!([{"name": "bytedelta"}])),
        ("filters", json!([{"name": "shuffle", "bits": 3}])),
        ("filters", json!([{"name": "trunc_prec"}])),
        ("filters", json!([{"name": "trunc_prec", "bits": 200}])),
        ("filters", json!(vec![json!({"name": "delta"}); 2])),
        ("filters", json!([{"name": "shuffle"}, {"name": "delta"}])),
        ("filters", json!(vec![json!({"name": "shuffle"}); 3])),
        ("split", json!("often")),
        ("checksum", json!("crc32")),
        ("checksum", json!(true)),
        ("typesize", json!(4)),
    ];
    for (member, value) in wrong {
        let mut configuration = good();
        configuration[member] = value;
        let fault = Configuration::parse(&configuration).unwrap_err();
        assert!(
            fault.to_string().contains(&format!("'{member}'")),
            "{fault}"
        );
        assert!(fault.to_string().contains("codec b2nd"), "{fault}");
    }
    for member in ["block_shape", "cname", "clevel"] {
        let mut configuration = good();
        configuration.as_object_mut().unwrap().remove(member);
        let fault = Configuration::parse(&configuration).unwrap_err();
        assert!(
            fault
                .to_string()
                .contains(&format!("'{member}' is missing")),
            "{fault}"
        );
    }
    assert!(Configuration::parse(&Value::Null).is_err());
}

#[test]
fn blosclz_is_only_read() {
    let mut configuration = good();
    configuration["cname"] = "blosclz".into();
    let configuration = Configuration::parse(&configuration).unwrap();
    let codec = Codec::new(&configuration, &[4, 4], "uint8", 1).unwrap();
    let fault = codec.encode_into(&[1; 16], &mut Vec::new()).unwrap_err();
    assert!(matches!(fault, Error::Unsupported { .. }));
    assert!(fault.to_string().contains("only read"));
    let written = Codec::new(&Configuration::new([4, 4]), &[4, 4], "uint8", 1).unwrap();
    let (mut bytes, mut out) = (Vec::new(), [0; 16]);
    written.encode_into(&[1; 16], &mut bytes).unwrap();
    codec.decode_into(&bytes, &mut out).unwrap();
    assert_eq!(out, [1; 16]);
}

#[test]
fn precision_is_that_of_floats() {
    let mut configuration = good();
    configuration["filters"] = json!([{"name": "trunc_prec", "bits": 10}]);
    let configuration = Configuration::parse(&configuration).unwrap();
    let bind = |name, size| Codec::new(&configuration, &[4, 4], name, size);
    assert!(bind("float32", 4).is_ok());
    assert!(bind("float64", 8).is_ok());
    for (name, size) in [("int32", 4), ("complex64", 8), ("float16", 2)] {
        assert!(matches!(bind(name, size), Err(Error::Unsupported { .. })));
    }
}
