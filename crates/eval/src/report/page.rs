//! Common parts of all pages: self-contained, light and dark, for screens, phones and paper.

use crate::report::svg::{self, escape};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write as _;

const STYLE: &str = "\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:72rem;margin:0 auto;padding:1rem}h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}h3{font-size:1rem;margin:1rem 0 .3rem}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--rule)}\
th:first-child,td:first-child,.note{text-align:left}td:not(.note){white-space:nowrap}td.note{min-width:12rem}td.note,figcaption,.quiet{color:var(--faint);font-size:.9em}.wide{overflow-x:auto}\
.two{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(26rem,100%),1fr));gap:1rem}figure{margin:0}svg{width:100%;height:auto}\
img{width:100%;max-width:42rem;height:auto;image-rendering:pixelated;background:#000}.alarm{border-left:4px solid var(--c1);padding:.4rem .8rem}\
.good{border-left:4px solid var(--c2);padding:.4rem .8rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem .9rem}dt{font-weight:600;overflow-wrap:anywhere}dd{margin:0;color:var(--faint)}\
.keys{display:block;columns:17rem;column-gap:2rem;font-size:.9rem}.keys div{display:flex;justify-content:space-between;gap:1rem;break-inside:avoid;border-bottom:1px solid var(--rule)}.keys dt{min-width:0}.keys dd{flex:none;max-width:60%;text-align:right;overflow-wrap:anywhere}\
code{font-size:.85em;overflow-wrap:anywhere}a{color:var(--c0)}\
a:focus-visible,.wide:focus-visible{outline:2px solid var(--c0)}\
@media screen and (max-width:40rem){table{font-size:.9rem}th,td{padding:.3rem}dl{display:block}dd{margin:0 0 .5rem}.keys dd{margin:0}svg text{font-size:15px}}\
@media print{:root{font-size:11px}body{font-size:1rem}.two{grid-template-columns:1fr 1fr}h2{break-after:avoid}figure,tr,dt{break-inside:avoid}dt{break-after:avoid}}";

/// The end of every page.
pub(crate) const CLOSE: &str = "</main></body></html>\n";

/// A page up to its title.
pub(crate) fn open(title: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <title>{title}</title><style>{}{STYLE}</style></head><body><main><h1>{title}</h1>",
        svg::STYLE
    )
}

/// A heading and figures below it, two side by side if there is room.
pub(crate) fn section(page: &mut String, title: &str, figures: &[impl AsRef<str>]) {
    if figures.is_empty() {
        return;
    }
    let _ = write!(page, "<h2>{title}</h2><div class=\"two\">");
    for figure in figures {
        let _ = write!(page, "<figure>{}</figure>", figure.as_ref());
    }
    page.push_str("</div>");
}

/// A picture of a kind (`png`, `gif`) with its caption, which must be escaped.
pub(crate) fn picture(kind: &str, caption: &str, bytes: &[u8]) -> String {
    format!(
        "<img alt=\"{caption}\" src=\"data:image/{kind};base64,{}\"><figcaption>{caption}</figcaption>",
        BASE64.encode(bytes)
    )
}
