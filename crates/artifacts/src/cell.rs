//! Cells of CSV files that we write.

use dcgan_hints::printable;
use std::borrow::Cow;

/// Characters that spreadsheets take for the start of a formula, including full-width forms.
const FORMULA: [char; 8] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// `text` as a cell: on one line, without control characters, and with an apostrophe in front if a
/// spreadsheet would compute it. Numbers are not changed.
fn cell(text: &str) -> Cow<'_, str> {
    let text = printable(text);
    let start = text.trim_start();
    if start.starts_with(FORMULA) && start.trim_end().parse::<f64>().is_err() {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

/// Rows of equal length as CSV, quoted if necessary. Text from outside stays on its line and is
/// never taken for a formula: control characters are escaped as by [`printable`], and a cell that
/// begins with `=`, `+`, `-` or `@` and is not a number gets an apostrophe.
///
/// # Errors
/// If rows differ in length.
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
        // A row with one empty cell is not an empty line.
        assert_eq!(csv_rows([[""]]).unwrap(), b"\"\"\n");
    }
}
