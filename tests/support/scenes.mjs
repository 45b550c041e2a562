// Pictures of the demo: small scenes of families who learn, drawn as SVG, so that pages look as they do with real clips.
// scene(NAME) is one of SCENES as a whole SVG document, 1280x720 or, where it was "filmed" upright, 720x1280.
const CLOTHES = { granny: ['#8a5a9e', '#cfd2d6'], grandpa: ['#4f6d8f', '#e4e6e8'], mother: ['#d9684c', '#3a2a22'], father: ['#2f7d6b', '#2a2320'], girl: ['#f2b632', '#2a2320'], boy: ['#5b8fd1', '#2a2320'] };

// Seen from the front, `size` high; the feet stand at y.
function person(who, x, y, size) {
  const [coat, hair] = CLOTHES[who];
  const head = size * 0.17;
  const top = y - size;
  const bun = who === 'granny' ? `<circle cx="${x}" cy="${top - head * 0.1}" r="${head * 0.45}" fill="${hair}"/>` : '';
  const tails = who === 'girl' ? [-1, 1].map((side) => `<circle cx="${x + side * head * 1.05}" cy="${top + head * 1.3}" r="${head * 0.42}" fill="${hair}"/>`).join('') : '';
  return `${tails}${bun}<path d="M${x - size * 0.27} ${y}C${x - size * 0.3} ${y - size * 0.55} ${x - size * 0.2} ${y - size * 0.66} ${x} ${y - size * 0.66}S${x + size * 0.3} ${y - size * 0.55} ${x + size * 0.27} ${y}Z" fill="${coat}"/>
<circle cx="${x}" cy="${top + head}" r="${head}" fill="#f5cda8"/><path d="M${x - head} ${top + head}A${head} ${head} 0 0 1 ${x + head} ${top + head}C${x + head * 0.5} ${top + head * 0.55} ${x - head * 0.5} ${top + head * 0.55} ${x - head} ${top + head}Z" fill="${hair}"/>
<circle cx="${x - head * 0.36}" cy="${top + head * 1.12}" r="${head * 0.09}" fill="#3a2a22"/><circle cx="${x + head * 0.36}" cy="${top + head * 1.12}" r="${head * 0.09}" fill="#3a2a22"/>
<path d="M${x - head * 0.3} ${top + head * 1.42}Q${x} ${top + head * 1.68} ${x + head * 0.3} ${top + head * 1.42}" fill="none" stroke="#b7281b" stroke-width="${head * 0.1}" stroke-linecap="round"/>`;
}

const book = (x, y, size) => `<path d="M${x} ${y}C${x - size * 0.4} ${y - size * 0.2} ${x - size * 0.8} ${y - size * 0.15} ${x - size} ${y - size * 0.05}V${y - size * 0.6}C${x - size * 0.8} ${y - size * 0.7} ${x - size * 0.4} ${y - size * 0.75} ${x} ${y - size * 0.55}C${x + size * 0.4} ${y - size * 0.75} ${x + size * 0.8} ${y - size * 0.7} ${x + size} ${y - size * 0.6}V${y - size * 0.05}C${x + size * 0.8} ${y - size * 0.15} ${x + size * 0.4} ${y - size * 0.2} ${x} ${y}Z" fill="#fffaf3" stroke="#c9a15a" stroke-width="4"/><path d="M${x} ${y}V${y - size * 0.55}" stroke="#c9a15a" stroke-width="4"/>`;
const plant = (x, y, size, leaf = '#2f855a') => `${[-0.5, -0.2, 0.15, 0.5].map((lean) => `<path d="M${x} ${y - size * 0.35}C${x + lean * size * 0.4} ${y - size * 0.8} ${x + lean * size} ${y - size * 0.9} ${x + lean * size * 1.2} ${y - size}C${x + lean * size * 1.1} ${y - size * 0.6} ${x + lean * size * 0.4} ${y - size * 0.5} ${x} ${y - size * 0.35}Z" fill="${leaf}"/>`).join('')}<path d="M${x - size * 0.28} ${y - size * 0.4}H${x + size * 0.28}L${x + size * 0.2} ${y}H${x - size * 0.2}Z" fill="#b5603c"/>`;
const shelf = (x, y, width) => `<rect x="${x}" y="${y - 150}" width="${width}" height="166" rx="8" fill="#a9744a"/>${Array.from({ length: Math.floor(width / 34) - 1 }, (_, i) => `<rect x="${x + 18 + i * 34}" y="${y - 120 + (i * 37) % 30}" width="26" height="${120 - (i * 37) % 30}" fill="${['#b7281b', '#f2b632', '#2f7d6b', '#4f6d8f', '#8a5a9e', '#d9684c'][(i * 5) % 6]}"/>`).join('')}`;
const windowOf = (x, y, width, height, sky, light) => `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${sky}" stroke="#fff7ea" stroke-width="14"/><circle cx="${x + width * 0.7}" cy="${y + height * 0.32}" r="${height * 0.14}" fill="${light}"/><path d="M${x + width / 2} ${y}V${y + height}M${x} ${y + height / 2}H${x + width}" stroke="#fff7ea" stroke-width="10"/>`;
const table = (y, width, height) => `<rect x="0" y="${y}" width="${width}" height="${height - y}" fill="#c98d5a"/><rect x="0" y="${y}" width="${width}" height="18" fill="#dba46f"/>`;
const writing = (x, y, size, text) => `<rect x="${x - size * 0.62}" y="${y - size}" width="${size * 1.24}" height="${size * 1.3}" fill="#fffaf3" stroke="#d9c7a5" stroke-width="6"/><text x="${x}" y="${y + size * 0.02}" font-family="Noto Serif CJK SC" font-weight="700" font-size="${size * 0.9}" text-anchor="middle" fill="#1f2328">${text}</text>`;
const waves = (y, width, colour, shift) => `<path d="M0 ${y}${Array.from({ length: 9 }, (_, i) => `Q${(i + 0.5) * width / 8 + shift} ${y - 26} ${(i + 1) * width / 8} ${y}`).join('')}V3000H0Z" fill="${colour}"/>`;
const star = (x, y, size) => `<path d="${Array.from({ length: 10 }, (_, i) => { const r = i % 2 ? size * 0.45 : size; const a = Math.PI * i / 5 - 1.3; return `${i ? 'L' : 'M'}${x + r * Math.cos(a)} ${y + r * Math.sin(a)}`; }).join('')}Z" fill="#e8826f" stroke="#c75a45" stroke-width="${size * 0.12}" stroke-linejoin="round"/>`;
const shell = (x, y, size) => `<path d="M${x} ${y}L${x - size} ${y - size * 0.8}A${size * 1.2} ${size * 1.2} 0 0 1 ${x + size} ${y - size * 0.8}Z" fill="#fde2c8" stroke="#d29a72" stroke-width="5"/><path d="M${x} ${y}L${x - size * 0.4} ${y - size * 1.4}M${x} ${y}V${y - size * 1.5}M${x} ${y}L${x + size * 0.4} ${y - size * 1.4}" stroke="#d29a72" stroke-width="4"/>`;

const WIDE = [1280, 720];
const TALL = [720, 1280];
const wall = ([width, height], colour) => `<rect width="${width}" height="${height}" fill="${colour}"/>`;
const evening = (size) => wall(size, '#f3d9b1');

const SCENES = {
  letters: [WIDE, () => `${evening(WIDE)}${windowOf(110, 80, 300, 260, '#33507a', '#ffe9a8')}${shelf(880, 250, 330)}${person('granny', 560, 640, 440)}${person('girl', 800, 660, 340)}${table(590, 1280, 720)}${book(680, 660, 150)}${plant(200, 620, 150)}`],
  garden: [TALL, () => `${wall(TALL, '#bfe3f2')}<circle cx="560" cy="190" r="80" fill="#f9d976"/>${waves(760, 720, '#9ccf8a', 0)}${person('mother', 250, 1080, 520)}${person('boy', 500, 1100, 380)}<rect y="1060" width="720" height="220" fill="#d8b48a"/>${[90, 250, 420, 600].map((x, i) => plant(x, 1190, 170 + 20 * (i % 2), ['#2f855a', '#3f9d6b', '#6aa84f', '#2f7d6b'][i])).join('')}`],
  brush: [WIDE, () => `${wall(WIDE, '#efe0c6')}${writing(1000, 300, 200, '学')}${writing(240, 300, 170, '习')}${person('grandpa', 560, 650, 470)}${person('boy', 780, 660, 330)}${table(590, 1280, 720)}${writing(660, 700, 110, '一')}<path d="M900 640L1010 540" stroke="#7a4a2a" stroke-width="16" stroke-linecap="round"/><path d="M900 640l-22 26 30-8z" fill="#1f2328"/>`],
  wood: [TALL, () => `${wall(TALL, '#f0d7b8')}${windowOf(230, 110, 280, 320, '#cfe8f5', '#f9d976')}${person('father', 270, 1060, 600)}${person('girl', 500, 1080, 400)}${table(1000, 720, 1280)}<path d="M180 1000v-90h340v90h-40v-50H220v50z" fill="#a9744a"/><path d="M520 1090l150-60 10 24-150 66z" fill="#c8ccd0"/><circle cx="690" cy="1036" r="26" fill="#b7281b"/>`],
  thirty: [TALL, () => `${wall(TALL, '#f7d9c4')}${shelf(60, 330, 600)}${shelf(60, 540, 600)}${person('mother', 270, 1120, 520)}${person('boy', 480, 1130, 380)}<rect y="1060" width="720" height="220" rx="60" fill="#7aa6a1"/>${book(380, 1150, 170)}`],
  sorry: [WIDE, () => `${wall(WIDE, '#cfe5d8')}${windowOf(120, 90, 320, 250, '#dff1fb', '#f9d976')}${person('boy', 520, 680, 430)}${person('girl', 760, 680, 430)}<path d="M640 210c-30-50-100-20-70 36 14 26 50 44 70 62 20-18 56-36 70-62 30-56-40-86-70-36z" fill="#d9684c"/>${plant(1080, 680, 260)}`],
  class: [WIDE, () => `${wall(WIDE, '#e9d6ba')}<rect x="330" y="70" width="620" height="260" rx="12" fill="#2f5d50" stroke="#a9744a" stroke-width="18"/><text x="640" y="230" font-family="Noto Serif CJK SC" font-size="100" text-anchor="middle" fill="#fff7ea">书法一课</text>${['granny', 'grandpa', 'mother', 'grandpa', 'granny'].map((who, i) => person(who, 170 + 235 * i, 690, 330)).join('')}`],
  call: [WIDE, () => `${evening(WIDE)}${shelf(60, 260, 360)}${person('mother', 480, 680, 470)}${person('granny', 740, 690, 430)}${table(630, 1280, 720)}<rect x="930" y="330" width="200" height="330" rx="24" fill="#1f2328"/><rect x="944" y="352" width="172" height="286" rx="8" fill="#bfe3f2"/>${person('girl', 1030, 632, 190)}`],
  kitchen: [WIDE, () => `${wall(WIDE, '#f6e3b4')}${windowOf(840, 80, 300, 230, '#cfe8f5', '#f9d976')}${person('father', 420, 640, 460)}${person('girl', 650, 650, 330)}${table(570, 1280, 720)}${[0, 1, 2, 3, 4].map((i) => `<ellipse cx="${820 + 80 * i}" cy="640" rx="36" ry="22" fill="#fffaf3" stroke="#d9c7a5" stroke-width="5"/>`).join('')}<text x="70" y="190" font-family="Noto Sans CJK SC" font-weight="700" font-size="80" fill="#b7281b">3+5=8</text>`],
  corner: [TALL, () => `${wall(TALL, '#d7e3ee')}${shelf(60, 360, 600)}${shelf(60, 580, 600)}${shelf(60, 800, 600)}${person('girl', 360, 1200, 440)}${plant(610, 1210, 220)}<rect y="1180" width="720" height="100" fill="#b98a5f"/>${book(360, 1210, 130)}`],
  clap: [WIDE, () => `${wall(WIDE, '#f4c9a8')}${['boy', 'granny', 'girl', 'father'].map((who, i) => person(who, 250 + 260 * i, 680, 400)).join('')}`],
  sea: [WIDE, () => `${wall(WIDE, '#bfe3f2')}<circle cx="1010" cy="150" r="76" fill="#f9d976"/>${waves(330, 1280, '#5ea7c4', 0)}${waves(420, 1280, '#3f88ab', 30)}<path d="M0 520Q420 440 1280 560V720H0Z" fill="#eed9a6"/>${person('father', 380, 660, 330)}${person('girl', 560, 680, 230)}${person('mother', 720, 670, 310)}${shell(1000, 660, 40)}${shell(1120, 690, 28)}`],
  starfish: [WIDE, () => `${wall(WIDE, '#eed9a6')}${waves(600, 1280, '#8cc3d4', 0)}${star(600, 330, 210)}${shell(980, 300, 90)}${shell(240, 240, 60)}`],
  specimens: [WIDE, () => `${wall(WIDE, '#d8b48a')}<rect x="160" y="90" width="960" height="540" rx="16" fill="#fffaf3" stroke="#a9744a" stroke-width="24"/>${star(360, 340, 110)}${shell(640, 400, 110)}${shell(930, 380, 70)}${['海星', '扇贝', '花蛤'].map((text, i) => `<text x="${360 + 285 * i}" y="570" font-family="Noto Sans CJK SC" font-size="46" text-anchor="middle" fill="#4f5660">${text}</text>`).join('')}`],
};

export const sizeOf = (name) => SCENES[name][0];
export function scene(name) {
  const [[width, height], draw] = SCENES[name];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${draw()}</svg>`;
}
