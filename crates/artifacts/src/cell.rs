//! The cells of every CSV table that is written here.

use dcgan_hints::printable;
use std::borrow::Cow;

/// What a spreadsheet takes for the start of a formula, in the wide forms as well that some do.
const FORMULA: [char; 8] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// `text` as a cell: on one line, without control characters, and with an apostrophe before what a
/// spreadsheet would compute. Numbers stay as they are.
fn cell(text: &str) -> Cow<'_, str> {
    let text = printable(text);
    let start = text.trim_start();
    if start.starts_with(FORMULA) && start.trim_end().parse::<f64>().is_err() {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

/// Rows of one length as CSV, quoted where it needs that. Whatever text from outside a cell holds, it
/// stays on its line, and no spreadsheet takes it for a formula: control characters are escaped as by
/// [`printable`], and what begins with `=`, `+`, `-` or `@` and is no number gets an apostrophe.
///
/// # Errors
/// Rows of different lengths.
pub fn csv_rows<C: AsRef<str>>(
    rows: impl IntoIterator<Item = impl IntoIterator<Item = C>>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        for text in row {
            writer.write_field(cell(text.as_ref()).as_ref())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::{cell, csv_rows};

    #[test]
    fn what_a_spreadsheet_computes_gets_an_apostrophe() {
        for formula in [
            "=1+1",
            "@SUM(A1)",
            "+a",
            "-",
            "--1",
            "-a",
            " =1",
            "\u{ff1d}1",
            "=",
            "+-1",
        ] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in [
            "",
            "a=1",
            "-1",
            "+1.5e3",
            "-0",
            "-inf",
            "NaN",
            "1",
            "'=1",
            "photos/-a.png",
        ] {
            assert_eq!(cell(text), text);
        }
        assert_eq!(cell("\t=1"), r"\t=1");
        assert_eq!(cell("\r@x\u{1b}"), r"\r@x\u{1b}");
    }

    #[test]
    fn a_row_is_a_line() {
        let rows = [["a,b", "say \"x\""], ["c\nd", "=HYPERLINK(\"x\")"]];
        let text = String::from_utf8(csv_rows(rows).unwrap()).unwrap();
        assert_eq!(
            text,
            "\"a,b\",\"say \"\"x\"\"\"\nc\\nd,\"'=HYPERLINK(\"\"x\"\")\"\n"
        );
        assert!(csv_rows([vec!["a"], vec!["a", "b"]]).is_err());
        // A row of one empty cell is no empty line.
        assert_eq!(csv_rows([[""]]).unwrap(), b"\"\"\n");
    }
}
