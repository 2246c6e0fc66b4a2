//! A reader of protobuf's wire format that knows no message: fields are found by the numbers of
//! ONNX's specification, whatever the program takes them for.

/// A message: its fields in the order of the file.
pub(crate) struct Message<'a> {
    fields: Vec<(u64, Value<'a>)>,
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Message<'a> {
    pub(crate) fn read(mut bytes: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let value = match key & 7 {
                0 => Value::Number(varint(&mut bytes)),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    Value::Bytes(split(&mut bytes, length))
                }
                5 => {
                    let bits = split(&mut bytes, 4).try_into().unwrap();
                    Value::Number(u32::from_le_bytes(bits).into())
                }
                other => panic!("no field of ONNX has the wire type {other}"),
            };
            fields.push((key >> 3, value));
        }
        Self { fields }
    }

    /// The numbers of a field.
    pub(crate) fn numbers(&self, field: u64) -> Vec<u64> {
        let of_field = self.fields.iter().filter(|(key, _)| *key == field);
        let numbers = of_field.map(|(_, value)| match value {
            Value::Number(number) => *number,
            Value::Bytes(_) => panic!("field {field} holds bytes"),
        });
        numbers.collect()
    }

    /// The bytes of a field.
    pub(crate) fn bytes(&self, field: u64) -> Vec<&'a [u8]> {
        let of_field = self.fields.iter().filter(|(key, _)| *key == field);
        let bytes = of_field.map(|(_, value)| match value {
            Value::Bytes(bytes) => *bytes,
            Value::Number(_) => panic!("field {field} holds numbers"),
        });
        bytes.collect()
    }

    /// The texts of a field.
    pub(crate) fn texts(&self, field: u64) -> Vec<&'a str> {
        let texts = self.bytes(field).into_iter();
        texts
            .map(|text| std::str::from_utf8(text).unwrap())
            .collect()
    }

    /// The messages of a field.
    pub(crate) fn messages(&self, field: u64) -> Vec<Self> {
        self.bytes(field).into_iter().map(Self::read).collect()
    }

    /// The only message of a field.
    pub(crate) fn message(&self, field: u64) -> Self {
        let mut all = self.messages(field);
        assert_eq!(all.len(), 1, "field {field}");
        all.remove(0)
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = split(bytes, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return number;
        }
    }
    panic!("a number of more than 64 bits");
}

fn split<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (head, rest) = bytes.split_at(length);
    *bytes = rest;
    head
}
