//! Lists of seeds.

use crate::render;
use dcgan_settings::{MAX_SEEDS, parse_seeds};

#[test]
fn numbers_and_ranges_keep_their_order() {
    assert_eq!(parse_seeds("0,3-6").unwrap(), [0, 3, 4, 5, 6]);
    assert_eq!(parse_seeds(" 7 , 2 - 3 , 7 ").unwrap(), [7, 2, 3, 7]);
    assert_eq!(parse_seeds("18446744073709551615").unwrap(), [u64::MAX]);
}

#[test]
fn the_number_of_seeds_is_bounded() {
    assert_eq!(parse_seeds("1-1000000").unwrap().len(), MAX_SEEDS);
    assert!(parse_seeds("0-1000000").is_err());
    assert!(parse_seeds("5,1-1000000").is_err());
    assert!(parse_seeds("0-18446744073709551615").is_err());
}

#[test]
fn what_is_no_list_is_refused() {
    insta::assert_snapshot!(render(&parse_seeds("0,x").unwrap_err()), @"error: seeds `0,x`: expected numbers and ranges such as `0,3-6`, found `x`");
    for text in [
        "",
        "-1",
        "1-",
        "3-2",
        "1,,2",
        "1.5",
        "18446744073709551616",
        "+1",
    ] {
        assert!(parse_seeds(text).is_err(), "{text:?}");
    }
}
