/** The descriptions in resources/catalog.json and of the demo model, by their English text. */
export const modelDescriptions: Readonly<Record<string, string>> = {
  'Small and fast; a single GPU is enough.': '小巧快速，一块 GPU 就够。',
  'Better image quality than 2B, at about twice the time.': '画质优于 2B，耗时约为两倍。',
  'Animates your own image.': '让你的图片动起来。',
  'Larger and longer videos, for several large GPUs.': '更大更长的视频，适合多块大显存 GPU。',
  'Animates your own image, larger and in any shape.': '让你的图片动起来，尺寸更大，比例不限。',
  'A tiny model trained for this app: one colored shape moves the way your sentence says, on any computer.':
    '专为本应用训练的微型模型：一个彩色图形按你的描述运动，任何电脑都能运行。',
};
