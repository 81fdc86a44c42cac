//! What Factur-X adds to a PDF's metadata, which krilla cannot write: its properties, and the schema that explains them
//! (without the schema the file is no PDF/A).
//!
//! One incremental update replaces the metadata object at the end of the file. It relies on what krilla does: a
//! classic cross-reference table, metadata uncompressed, and one bag of extension schemas (PDF/UA brings it).

use crate::documents::DocumentError;

const NAMESPACE: &str = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#";

/// Declares the attached invoice in the metadata of a PDF.
pub(super) fn declare_factur_x(mut pdf: Vec<u8>) -> Result<Vec<u8>, DocumentError> {
    let file = trailer(&pdf).ok_or_else(|| failed("no classic cross-reference table"))?;
    let (number, xmp) = metadata(&pdf, &file).ok_or_else(|| failed("no metadata"))?;
    let xmp = declared(&xmp).ok_or_else(|| failed("metadata without a bag of schemas"))?;
    let Trailer { table: previous, dictionary } = file;
    if pdf.last() != Some(&b'\n') {
        pdf.push(b'\n');
    }
    let object_at = pdf.len();
    let head = format!("{number} 0 obj\n<<\n  /Length {}\n  /Type /Metadata\n  /Subtype /XML\n>>\nstream\n", xmp.len());
    pdf.extend_from_slice(head.as_bytes());
    pdf.extend_from_slice(xmp.as_bytes());
    pdf.extend_from_slice(b"\nendstream\nendobj\n");
    let table_at = pdf.len();
    let tail = format!(
        "xref\n{number} 1\n{object_at:010} 00000 n\r\ntrailer\n{dictionary}\n  /Prev {previous}\n>>\nstartxref\n{table_at}\n%%EOF\n"
    );
    pdf.extend_from_slice(tail.as_bytes());
    Ok(pdf)
}

fn failed(why: &str) -> DocumentError {
    DocumentError::Layout(why.to_owned())
}

/// The number of the metadata object, and its text.
fn metadata(pdf: &[u8], file: &Trailer) -> Option<(usize, String)> {
    let catalogue = object(pdf, file.table, reference(&file.dictionary, "/Root ")?)?;
    let number = reference(std::str::from_utf8(catalogue).ok()?, "/Metadata ")?;
    let stream = object(pdf, file.table, number)?;
    let start = find(stream, b"stream")? + b"stream".len();
    let end = start + find(&stream[start..], b"endstream")?;
    Some((number, std::str::from_utf8(&stream[start..end]).ok()?.trim().to_owned()))
}

/// The number in `/Key 12 0 R`.
fn reference(dictionary: &str, key: &str) -> Option<usize> {
    let (_, after) = dictionary.split_once(key)?;
    after.split_once(" 0 R")?.0.parse().ok()
}

/// The bytes of an object, from its number to its end; the table has one entry of twenty bytes an object.
fn object(pdf: &[u8], table: usize, number: usize) -> Option<&[u8]> {
    let entries = table + find(pdf.get(table..)?, b"\n0 ")? + 1;
    let first = entries + find(&pdf[entries..], b"\n")? + 1;
    let entry = pdf.get(first + 20 * number..first + 20 * number + 10)?;
    let start: usize = std::str::from_utf8(entry).ok()?.parse().ok()?;
    let bytes = pdf.get(start..)?;
    bytes.get(..find(bytes, b"endobj")?)
}

/// Where the cross-reference table stands, and the trailer's dictionary without its end.
struct Trailer {
    table: usize,
    dictionary: String,
}

fn trailer(pdf: &[u8]) -> Option<Trailer> {
    let tail = pdf.len().saturating_sub(64);
    let at = tail + find(&pdf[tail..], b"startxref")?;
    let table = std::str::from_utf8(&pdf[at + b"startxref".len()..]).ok()?.split_whitespace().next()?;
    let table: usize = table.parse().ok()?;
    let section = std::str::from_utf8(pdf.get(table..at)?).ok().filter(|section| section.starts_with("xref"))?;
    let dictionary = section.split_once("trailer")?.1.trim().strip_suffix(">>")?.to_owned();
    Some(Trailer { table, dictionary })
}

/// The metadata with the properties of Factur-X and their schema.
fn declared(xmp: &str) -> Option<String> {
    let schemas = xmp.find("<pdfaExtension:schemas>")?;
    let bag = schemas + xmp[schemas..].find("<rdf:Bag>")? + "<rdf:Bag>".len();
    let end = xmp.rfind("</rdf:RDF>")?;
    Some(format!("{}{}{}{}{}", &xmp[..bag], schema(), &xmp[bag..end], properties(), &xmp[end..]))
}

fn properties() -> String {
    format!(
        "<rdf:Description rdf:about=\"\" xmlns:fx=\"{NAMESPACE}\"><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>\
         <fx:DocumentFileName>factur-x.xml</fx:DocumentFileName><fx:DocumentType>INVOICE</fx:DocumentType>\
         <fx:Version>1.0</fx:Version></rdf:Description>"
    )
}

fn schema() -> String {
    let property = |name: &str, what: &str| {
        format!(
            "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{name}</pdfaProperty:name>\
             <pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external\
             </pdfaProperty:category><pdfaProperty:description>{what}</pdfaProperty:description></rdf:li>"
        )
    };
    let properties = [
        property("DocumentFileName", "name of the embedded XML invoice file"),
        property("DocumentType", "INVOICE"),
        property("Version", "The actual version of the Factur-X XML schema"),
        property("ConformanceLevel", "The conformance level of the embedded Factur-X data"),
    ];
    format!(
        "<rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
         <pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>\
         <pdfaSchema:property><rdf:Seq>{}</rdf:Seq></pdfaSchema:property></rdf:li>",
        properties.concat()
    )
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_make_is_refused() {
        for text in ["", "%PDF-1.7\n1 0 obj\n<< /Subtype /XML >>\nstream\n<x/>\nendstream\nstartxref\n0\n%%EOF"] {
            assert!(matches!(declare_factur_x(text.as_bytes().to_vec()), Err(DocumentError::Layout(_))));
        }
    }
}
