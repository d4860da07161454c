/** Characters that a password has at least. */
const LEAST = 10;

/** The commonest passwords of at least that many characters that are not one character repeated, in lower case. */
const COMMONEST: ReadonlySet<string> = new Set(
  `0123456789 0987654321 1029384756 1122334455 1223334444 123123123123 1234512345 1234554321 1234567890 12345678900 1234567891 12345678910
  123456789a 123456789q 123456789z 123qwe123qwe 147258369a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 9876543210 987654321a a123456789 aa12345678
  aa123456789 abc123456789 abcd123456 abcd1234567 abcdefghij abcdefghijk administrator asdfghjkl1 asdfghjkl123 basketball changeme123 iloveyou12
  iloveyou123 letmein123 letmeinnow passw0rd123 password01 password11 password12 password123 password1234 password12345 password123456
  passwordpassword princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qwer123456 qwerasdfzxcv qwert12345 qwerty1234 qwerty12345 qwerty123456
  qwertyqwerty qwertyuiop qwertyuiop123 qwertyuiop[] welcome123 welcome1234 zaq12wsxcde3 zxcvbnm123 zxcvbnmasdf`.split(/\s+/),
);

/** Whether a password would be among the first to be guessed for this account. Capitals make none of them stronger. */
export function isWeak(password: string, email: string): boolean {
  const characters = [...password];
  const lower = password.toLowerCase();
  const address = email.trim().toLowerCase();
  return (
    characters.length < LEAST ||
    new Set(characters).size === 1 ||
    lower === address ||
    lower === address.slice(0, address.lastIndexOf("@")) ||
    COMMONEST.has(lower)
  );
}
