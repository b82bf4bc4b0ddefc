//! Reads a PDF back with a reader that is not the writer's: its text, its pages, its tags and what is attached.
//! It knows nothing of certificates.

use lopdf::{Dictionary, Document, Object};

pub(crate) struct Pdf {
    document: Document,
}

impl Pdf {
    pub(crate) fn read(bytes: &[u8]) -> Pdf {
        Pdf { document: Document::load_mem(bytes).unwrap() }
    }

    /// The text of each page, with one space wherever there is room between letters.
    pub(crate) fn pages(&self) -> Vec<String> {
        let numbers = self.document.get_pages().into_keys();
        let text = |number| self.document.extract_text(&[number]).unwrap();
        numbers.map(|number| text(number).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    pub(crate) fn text(&self) -> String {
        self.pages().join(" ")
    }

    pub(crate) fn catalog(&self) -> &Dictionary {
        self.document.catalog().unwrap()
    }

    /// How many structure elements there are of each role.
    pub(crate) fn count(&self, role: &str) -> usize {
        self.dictionaries().filter(|of| name(of, b"S") == Some(role.as_bytes()) && of.has(b"P")).count()
    }

    /// Fonts whose program is not inside.
    pub(crate) fn fonts_outside(&self) -> Vec<String> {
        let described = self.dictionaries().filter(|of| name(of, b"Type") == Some(b"FontDescriptor"));
        let outside = described.filter(|of| !of.has(b"FontFile2") && !of.has(b"FontFile3"));
        outside.map(|of| String::from_utf8_lossy(name(of, b"FontName").unwrap_or_default()).into_owned()).collect()
    }

    /// Name and content of each file that is attached.
    pub(crate) fn attached(&self) -> Vec<(String, Vec<u8>)> {
        let files = self.dictionaries().filter(|of| of.has(b"EF"));
        let file = |of: &Dictionary| {
            let path = String::from_utf8(of.get(b"F").unwrap().as_str().unwrap().to_vec()).unwrap();
            let embedded = of.get(b"EF").unwrap().as_dict().unwrap().get(b"F").unwrap();
            let stream = self.document.get_object(embedded.as_reference().unwrap()).unwrap().as_stream().unwrap();
            (path, stream.decompressed_content().unwrap())
        };
        files.map(file).collect()
    }

    /// The metadata that programs read.
    pub(crate) fn metadata(&self) -> String {
        let metadata = self.catalog().get(b"Metadata").unwrap().as_reference().unwrap();
        let stream = self.document.get_object(metadata).unwrap().as_stream().unwrap();
        let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
        String::from_utf8(content).unwrap()
    }

    fn dictionaries(&self) -> impl Iterator<Item = &Dictionary> {
        self.document.objects.values().filter_map(|object| match object {
            Object::Dictionary(dictionary) => Some(dictionary),
            Object::Stream(stream) => Some(&stream.dict),
            _ => None,
        })
    }
}

fn name<'a>(of: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
    of.get(key).ok()?.as_name().ok()
}
