// One work after the other, from the files beside this page, for ever. list.js says which.
(() => {
  const works = window.XUEPAI_WORKS ?? [];
  const films = works.flatMap((work) => work.files.map((file) => ({ work, file })));
  const video = document.querySelector('video');
  const picture = document.querySelector('img');
  const PHOTO_MS = 6000;
  let at = -1;
  let failed = 0;

  const say = (selector, text) => { document.querySelector(selector).textContent = text; };

  function next() {
    at = (at + 1) % films.length;
    const { work, file } = films[at];
    say('[data-title]', work.title);
    say('[data-place]', `${work.place}${work.is_ai ? ' · 含人工智能生成内容' : ''}`);
    video.hidden = !file.is_clip;
    picture.hidden = file.is_clip;
    if (file.is_clip) {
      video.src = file.src;
      video.play().catch(() => { video.muted = true; video.play().catch(skip); });
    } else {
      picture.src = file.src;
      failed = 0;
      setTimeout(next, PHOTO_MS);
    }
  }

  function skip() {
    failed += 1;
    setTimeout(next, failed > films.length ? 60000 : 200); // not in circles when nothing plays
  }

  video.addEventListener('ended', () => { failed = 0; next(); });
  video.addEventListener('error', skip);
  document.querySelector('[data-start]').addEventListener('click', (event) => {
    event.target.hidden = true;
    video.muted = false;
    document.documentElement.requestFullscreen?.();
  });
  if (films.length > 0) next();
  else say('[data-place]', '这个展播包里没有作品。');
})();
